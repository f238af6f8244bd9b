import type { MiddlewareHandler } from 'hono';
import type { Role } from '../domain/types.js';
import type { Callers } from './callers.js';
import { Problem } from './errors.js';
import type { ApiEnv } from './services.js';
import type { VerifyToken } from './token-verifier.js';

const BEARER = /^Bearer +([^\s]+) *$/i;

/** Who is calling: the person of the bearer token's subject. The role is the person's row's, never the token's. */
export function authenticate(callers: Callers, verify: VerifyToken): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const header = c.req.header('authorization');
    if (header === undefined) throw new Problem('token_missing');
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) throw new Problem('token_invalid');
    const person = await callers.find(await verify(token));
    if (person === null) throw new Problem('unknown_person');
    c.set('caller', person);
    await next();
  };
}

/** Lets some roles pass; before the request is validated, so that others learn nothing about it. */
export function allow(...roles: readonly Role[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!roles.includes(c.get('caller').role)) throw new Problem('forbidden');
    await next();
  };
}
