import type { Context, MiddlewareHandler } from 'hono';
import type { Person } from '../db/people.js';
import { type Credential, isScope } from './access.js';
import type { Callers } from './callers.js';
import { readCookie } from './cookies.js';
import { Problem } from './errors.js';
import { hashOfSecret } from './secrets.js';
import type { ApiEnv, Services } from './services.js';
import type { VerifyToken } from './token-verifier.js';

const BEARER = /^Bearer +([^\s]+) *$/i;
export const SERVICE_TOKEN_PREFIX = 'pst_';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Caller {
  person: Person;
  credential: Credential;
}

/** The role is the person's row's, never the token's. */
async function bySubject({ people }: Callers, subject: string): Promise<Caller> {
  const person = await people.find(subject);
  if (person === null) throw new Problem('unknown_person');
  return { person, credential: { kind: 'bearer', scopes: null, forget: () => people.forget(subject) } };
}

async function byServiceToken({ services }: Callers, token: string): Promise<Caller> {
  const hash = hashOfSecret(token);
  const found = await services.find(hash);
  if (found === null) throw new Problem('token_invalid');
  if (found.isExpired) throw new Problem('token_expired');
  const scopes = found.scopes.filter(isScope);
  return { person: found.person, credential: { kind: 'service', scopes, forget: () => services.forget(hash) } };
}

async function bySession({ sessions }: Callers, secret: string): Promise<Caller> {
  const hash = hashOfSecret(secret);
  const found = await sessions.find(hash);
  if (found === null) throw new Problem('session_over');
  const { id: sessionId, person } = found;
  return { person, credential: { kind: 'session', scopes: null, sessionId, forget: () => sessions.forget(hash) } };
}

/**
 * A browser sends the cookie whoever made it ask, so what changes something must come from our own pages. `Sec-Fetch-Site`
 * says so, where a browser sends it, else `Origin` must be ours. Bearer tokens are sent by nobody unasked.
 * @throws Problem `cross_site_request`
 */
export function assertSameOrigin(c: Context, publicUrl: string): void {
  if (SAFE_METHODS.has(c.req.method)) return;
  const site = c.req.header('sec-fetch-site');
  const isOurs = site === undefined ? c.req.header('origin') === new URL(publicUrl).origin : site === 'same-origin';
  if (!isOurs) throw new Problem('cross_site_request');
}

/** Who is calling: by bearer token (an issuer's or a service's), else by the session's cookie. */
export function authenticate({ callers, config }: Services, verify: VerifyToken): MiddlewareHandler<ApiEnv> {
  const callerOf = async (c: Context<ApiEnv>): Promise<Caller> => {
    const header = c.req.header('authorization');
    if (header === undefined) {
      const secret = readCookie(c, config.publicUrl, 'punctual');
      if (secret === undefined) throw new Problem('token_missing');
      assertSameOrigin(c, config.publicUrl);
      return bySession(callers, secret);
    }
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) throw new Problem('token_invalid');
    return token.startsWith(SERVICE_TOKEN_PREFIX)
      ? byServiceToken(callers, token)
      : bySubject(callers, await verify(token));
  };
  return async (c, next) => {
    const { person, credential } = await callerOf(c);
    c.set('caller', person);
    c.set('credential', credential);
    await next();
  };
}
