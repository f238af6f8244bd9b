import { type Hook, OpenAPIHono, type z } from '@hono/zod-openapi';
import { type Act, allow, whoMay } from './access.js';
import { type FieldError, Problem } from './errors.js';
import type { ApiEnv } from './services.js';

/** Which part of a request a validator looks at, as `errors[].field` names it. */
const PART: Record<string, string> = { json: 'body', query: 'query', param: 'path', header: 'header' };

function fieldOf(target: string, path: readonly PropertyKey[]): string {
  return [PART[target] ?? target, ...path.map(String)].join('.');
}

/** Zod says it in the words of JavaScript. */
const isMissing = ({ code, message }: z.core.$ZodIssue): boolean =>
  code === 'invalid_type' && message.endsWith(' received undefined');

const onInvalid: Hook<unknown, ApiEnv, string, undefined> = (result) => {
  if (result.success) return undefined;
  const { issues } = result.error;
  const errors = issues.map((issue): FieldError => ({
    field: fieldOf(result.target, issue.path),
    message: isMissing(issue) ? 'is missing' : issue.message,
  }));
  const keyMissing = issues.some((issue) => issue.path[0] === 'idempotency-key' && isMissing(issue));
  throw new Problem(keyMissing ? 'idempotency_key_required' : 'invalid_request', { errors });
};

/** A group of routes; what is invalid becomes a problem with its fields. */
export const newRoutes = (): OpenAPIHono<ApiEnv> => new OpenAPIHono<ApiEnv>({ defaultHook: onInvalid });

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** For whoever may do this, by api/access.ts: by which credentials, and in which roles. */
export const may = (act: Act) => {
  const { roles, scope } = whoMay(act);
  const service = scope === null ? [] : [{ service: scope === 'any' ? [] : [scope] }];
  const security: Record<string, string[]>[] = [{ bearer: [] }, { session: [] }, ...service];
  return { security, 'x-roles': roles, middleware: allow(act) };
};
