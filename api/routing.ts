import { type Hook, OpenAPIHono, type z } from '@hono/zod-openapi';
import { type Act, allow } from './access.js';
import { type FieldError, Problem } from './errors.js';
import { problemSchema } from './schemas.js';
import type { ApiEnv } from './services.js';

/** Which part of a request a validator looks at, as `errors[].field` names it. */
const PART: Record<string, string> = { json: 'body', query: 'query', param: 'path', header: 'header' };

function fieldOf(target: string, path: readonly PropertyKey[]): string {
  return [PART[target] ?? target, ...path.map(String)].join('.');
}

const onInvalid: Hook<unknown, ApiEnv, string, undefined> = (result) => {
  if (result.success) return undefined;
  const errors = result.error.issues.map(({ path, message }): FieldError => ({
    field: fieldOf(result.target, path),
    message,
  }));
  const keyMissing = result.error.issues.some(({ path, code, message }) => {
    return path[0] === 'idempotency-key' && code === 'invalid_type' && /undefined/.test(message);
  });
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

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** Problems of every route below /v1; none of them is returned, all are thrown. */
export const problems = {
  401: problem('No valid token.'),
  403: problem('Not for this role.'),
  404: problem('Not there, or somebody else’s.'),
  422: problem('Invalid.'),
  503: problem(
    'PostgreSQL, Temporal, a provider or the issuer is away, or more is asked than can be answered: see Retry-After.',
  ),
};

/** And of those that change something. */
export const writeProblems = {
  ...problems,
  400: problem('Unreadable.'),
  409: problem('Refused by the state; code says why, remedy what to do.'),
  413: problem('Too large.'),
  415: problem('Not JSON.'),
  429: problem('Too much for this appointment in a short time: Retry-After says when to go on.'),
};

const security: Record<string, string[]>[] = [{ bearer: [] }, { session: [] }];

/** For whoever may do this, by api/access.ts. */
export const may = (act: Act) => ({ security, middleware: allow(act) });
