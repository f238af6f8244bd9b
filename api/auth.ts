import type { Context, MiddlewareHandler } from 'hono';
import { decodeJwt } from 'jose';
import type { Person } from '../db/people.js';
import { type Credential, isScope } from './access.js';
import type { Callers } from './callers.js';
import { readCookie } from './cookies.js';
import { errorOf, Problem } from './errors.js';
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
async function byBearerToken({ people }: Callers, token: string, verify: VerifyToken): Promise<Caller> {
  const subject = await verify(token);
  const person = await people.find(subject);
  if (person === null) throw new Problem('unknown_person');
  const goodUntil = () => new Date(decodeJwt(token).exp! * 1_000);
  return { person, credential: { kind: 'bearer', scopes: null, goodUntil, forget: () => people.forget(subject) } };
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

/** What a request brings to be let in by. */
interface Presented {
  authorization: string | undefined;
  cookie: string | undefined;
}

/** Whether the same person would be let in now. That the database or the issuer is away says nothing against them. */
async function stillIs(person: Person, ask: () => Promise<Caller>): Promise<boolean> {
  try {
    const again = await ask();
    return again.person.id === person.id && again.person.role === person.role;
  } catch (error) {
    return !(error instanceof Problem && [401, 403].includes(errorOf(error.code).status));
  }
}

/** Who is calling: by bearer token (an issuer's or a service's), else by the session's cookie. */
export function authenticate({ callers, config }: Services, verify: VerifyToken): MiddlewareHandler<ApiEnv> {
  const { publicUrl } = config;
  const callerOf = async ({ authorization, cookie }: Presented): Promise<Caller> => {
    if (authorization === undefined) {
      if (cookie === undefined) throw new Problem('token_missing');
      return bySession(callers, cookie);
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new Problem('token_invalid');
    return token.startsWith(SERVICE_TOKEN_PREFIX)
      ? byServiceToken(callers, token)
      : byBearerToken(callers, token, verify);
  };
  return async (c, next) => {
    const authorization = c.req.header('authorization');
    const cookie = authorization === undefined ? readCookie(c, publicUrl, 'punctual') : undefined;
    if (cookie !== undefined) assertSameOrigin(c, publicUrl);
    const { person, credential } = await callerOf({ authorization, cookie });
    const stands = () => stillIs(person, () => callerOf({ authorization, cookie }));
    c.set('caller', person);
    c.set('credential', { ...credential, stands });
    await next();
  };
}
