import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

const HERE = dirname(fileURLToPath(import.meta.url));

/** For tests only: the vendors' published contracts, which are not part of the project. */
const CONTRACTS_DIR = process.env['CONTRACTS_DIR'] ?? join(HERE, '..', '..', 'shared', 'contracts');

/**
 * Whether contract tests are to run. Without the folder they are skipped, and say so; in CI they run and fail.
 */
export function contractsPresent(): boolean {
  if (existsSync(CONTRACTS_DIR) || process.env['CI']) return true;
  console.warn(`Contract tests are skipped: there is no ${CONTRACTS_DIR} (set CONTRACTS_DIR).`);
  return false;
}

export function readContract<T>(path: string): T {
  return JSON.parse(readFileSync(join(CONTRACTS_DIR, path), 'utf8')) as T;
}

type Json = Record<string, unknown>;

interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { properties?: Json } }> };
  responses: Record<string, { content?: Record<string, { schema: Json }> }>;
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: Json;
}

/** A vendor's OpenAPI document, to check answers and requests by. */
export class OpenApiContract {
  readonly #paths: OpenApi['paths'];
  readonly #components: Json;
  readonly #ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(path: string) {
    const { paths, components } = readContract<OpenApi>(path);
    this.#paths = paths;
    this.#components = nullable(components) as Json;
    this.#ajv.addSchema({ $id: 'contract', components: this.#components });
  }

  /** What is wrong with an answer's body; empty when it is as published. `status` is the published one. */
  answerErrors(method: string, template: string, status: string, body: unknown): string[] {
    const name = `${method} ${template} ${status}`;
    let validate = this.#compiled.get(name);
    if (!validate) {
      const { content } = this.#operation(method, template).responses[status] ?? {};
      const schema = content?.['application/json']?.schema;
      if (!schema) throw new Error(`the contract has no answer ${name}`);
      validate = this.#ajv.compile(nullable(absolute(schema)) as Json);
      this.#compiled.set(name, validate);
    }
    return validate(body) ? [] : (validate.errors ?? []).map(errorText);
  }

  /** Names in a request that the contract doesn't have. */
  unknownNames(method: string, template: string, names: { query?: string[]; form?: string[] }): string[] {
    const { parameters = [], requestBody } = this.#operation(method, template);
    const queries = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    const properties = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
      Object.keys(schema.properties ?? {}),
    );
    return [
      ...(names.query ?? []).filter((name) => !queries.includes(name)),
      ...(names.form ?? []).filter((name) => !properties.includes(name)),
    ];
  }

  /** The names of a request's form. */
  formNames(method: string, template: string): string[] {
    const content = Object.values(this.#operation(method, template).requestBody?.content ?? {});
    return content.flatMap(({ schema }) => Object.keys(schema.properties ?? {}));
  }

  /** The schema of a component, as published. */
  properties(component: string): string[] {
    const schemas = this.#components['schemas'] as Record<string, { properties?: Json }>;
    return Object.keys(schemas[component]?.properties ?? {});
  }

  #operation(method: string, template: string): Operation {
    const operation = this.#paths[template]?.[method.toLowerCase()];
    if (!operation) throw new Error(`the contract has no ${method} ${template}`);
    return operation;
  }
}

/** OpenAPI 3.0's `nullable: true` in JSON Schema's words. An `enum` or a `$ref` beside it then admits null too. */
function nullable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(nullable);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, nullable(value)]));
  if (copy['nullable'] !== true) return copy;
  const { nullable: _nullable, ...rest } = copy;
  return { anyOf: [{ type: 'null' }, rest] };
}

/** References into the document, from a schema that is compiled on its own. */
function absolute(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(absolute);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      key === '$ref' && typeof value === 'string' ? [key, value.replace(/^#/, 'contract#')] : [key, absolute(value)],
    ),
  );
}

function errorText({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}`;
}

/**
 * Where a value departs from a published example: a key that is missing, or a value of another type. Null in either
 * fits anything, since an example shows one case; so does an empty list in place of an object (Razorpay's notes). The
 * keys of notes and metadata are the caller's own.
 */
export function departures(example: unknown, actual: unknown, path = ''): string[] {
  if (example === null || actual === null) return [];
  const kinds = [kind(example), kind(actual)];
  if (kinds.includes('empty list') && kinds.every((each) => each === 'empty list' || each === 'object')) return [];
  if (kinds[0]?.replace('empty ', '') !== kinds[1]?.replace('empty ', ''))
    return [`${path}: ${kinds[1]} and not ${kinds[0]}`];
  if (kinds[0] !== 'object' || /\/(notes|metadata)$/.test(path)) return [];
  return Object.entries(example as Json).flatMap(([key, value]) => {
    const found = (actual as Json)[key];
    return found === undefined ? [`${path}/${key}: missing`] : departures(value, found, `${path}/${key}`);
  });
}

function kind(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  return typeof value;
}
