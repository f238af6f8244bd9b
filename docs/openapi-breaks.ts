import type { ApiResponse, OpenApiDocument, Operation, Parameter } from '../api/openapi-types.js';
import { type Components, schemaBreaks } from './schema-breaks.js';

/** Compares two OpenAPI documents: what of the later one breaks clients of the earlier one. */

interface Both {
  where: string;
  before: Operation;
  after: Operation;
  componentsBefore: Components;
  componentsAfter: Components;
}

const sidesOf = ({ componentsBefore: before, componentsAfter: after }: Both, direction: 'request' | 'response') => ({
  direction,
  before,
  after,
});

const keyOf = (parameter: Parameter): string => `${parameter.in} parameter ${parameter.name.toLowerCase()}`;

function parameterBreaks(both: Both): string[] {
  const { where, before, after } = both;
  const was = new Map((before.parameters ?? []).map((one) => [keyOf(one), one]));
  const is = new Map((after.parameters ?? []).map((one) => [keyOf(one), one]));
  const gone = [...was.keys()].filter((key) => !is.has(key)).map((key) => `${where}: no longer takes the ${key}`);
  const demanded = [...is]
    .filter(([key, { required }]) => required === true && was.get(key)?.required !== true)
    .map(([key]) => `${where}: now requires the ${key}`);
  const narrowed = [...was].flatMap(([key, { schema }]) => {
    const now = is.get(key);
    return now === undefined ? [] : schemaBreaks(schema, now.schema, sidesOf(both, 'request'), `${where}, ${key}`);
  });
  return [...gone, ...demanded, ...narrowed];
}

function bodyBreaks(both: Both): string[] {
  const { where, before, after } = both;
  const [was, is] = [before.requestBody, after.requestBody];
  if (is?.required === true && was?.required !== true) return [`${where}: now requires a body`];
  if (was === undefined) return [];
  return Object.entries(was.content).flatMap(([type, { schema }]) => {
    const now = is?.content[type];
    return now === undefined
      ? [`${where}: no longer takes a body of ${type}`]
      : schemaBreaks(schema, now.schema, sidesOf(both, 'request'), `${where}, body`);
  });
}

function answerBreaks(both: Both, status: string, was: ApiResponse, is: ApiResponse): string[] {
  const at = `${both.where}, answer ${status}`;
  const headers = Object.keys(was.headers ?? {}).filter((name) => !(name in (is.headers ?? {})));
  const contents = Object.entries(was.content ?? {}).flatMap(([type, { schema }]) => {
    const now = is.content?.[type];
    return now === undefined
      ? [`${at}: no longer comes as ${type}`]
      : schemaBreaks(schema, now.schema, sidesOf(both, 'response'), at);
  });
  return [...headers.map((name) => `${at}: lost the header ${name}`), ...contents];
}

function responseBreaks(both: Both): string[] {
  return Object.entries(both.before.responses).flatMap(([status, was]) => {
    const is = both.after.responses[status];
    return is === undefined ? [`${both.where}: no longer answers ${status}`] : answerBreaks(both, status, was, is);
  });
}

/** An alternative of `security`: all its schemes, each with its scopes. */
const alternative = (one: Record<string, string[]>): string =>
  Object.entries(one)
    .map(([scheme, scopes]) => (scopes.length === 0 ? scheme : `${scheme} (${scopes.join(', ')})`))
    .toSorted()
    .join(' and ');

function accessBreaks({ where, before, after }: Both): string[] {
  const was = (before.security ?? []).map(alternative);
  const is = (after.security ?? []).map(alternative);
  const closed = was.length === 0 && is.length > 0 ? [`${where}: now needs credentials`] : [];
  const gone = is.length === 0 ? [] : was.filter((one) => !is.includes(one));
  const roles = (before['x-roles'] ?? []).filter((role) => after['x-roles']?.includes(role) === false);
  return [
    ...closed,
    ...gone.map((one) => `${where}: no longer takes ${one} as credentials`),
    ...roles.map((role) => `${where}: is no longer for the role ${role}`),
  ];
}

function operationBreaks(both: Both): string[] {
  const { where, before, after } = both;
  const renamed =
    before.operationId === after.operationId ? [] : [`${where}: is no longer called ${before.operationId}`];
  return [...renamed, ...accessBreaks(both), ...parameterBreaks(both), ...bodyBreaks(both), ...responseBreaks(both)];
}

/**
 * Everything in `after` that breaks a client written for `before`, each as a sentence that stays the same from run to
 * run: it is what an acknowledgement quotes. New paths, fields, statuses, codes and values of answers are additions.
 */
export function findBreaks(before: OpenApiDocument, after: OpenApiDocument): string[] {
  const found = Object.entries(before.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => {
      const where = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (now === undefined) return [`${where}: is gone`];
      const components = { componentsBefore: before.components.schemas, componentsAfter: after.components.schemas };
      return operationBreaks({ where, before: operation, after: now, ...components });
    }),
  );
  return [...new Set(found)].toSorted();
}
