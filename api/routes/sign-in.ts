import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { personBySubject, registerClient } from '../../db/people.js';
import { keepSignIn, takeSignIn } from '../../db/sign-ins.js';
import { endSession, openSession } from '../../db/web-sessions.js';
import { assertSameOrigin } from '../auth.js';
import { SESSION_DEFAULTS } from '../config.js';
import { dropCookie, readCookie, writeCookie } from '../cookies.js';
import { invalid, Problem } from '../errors.js';
import { optionalKey } from '../inputs.js';
import { newcomerOf } from '../newcomer.js';
import { pathOfOurs } from '../return-to.js';
import { problemsOf } from '../problem-responses.js';
import { newRoutes } from '../routing.js';
import { hashOfSecret, randomSecret } from '../secrets.js';
import type { ApiEnv, Services } from '../services.js';
import { createSignInFlow, type SignInFlow } from '../sign-in.js';

const TEN_MINUTES_MS = 600_000;

const redirect = (description: string) => ({
  description,
  headers: { location: { schema: { type: 'string' as const } } },
});
const AWAY = ['database_unavailable', 'issuer_unavailable', 'overloaded'] as const;

const login = createRoute({
  method: 'get',
  path: '/auth/login',
  operationId: 'beginSignIn',
  tags: ['Sign-in'],
  summary: 'Sign in to the web app, at the issuer',
  request: {
    query: z.object({
      returnTo: z
        .string()
        .default('/')
        .openapi({ description: 'Where to go afterwards: a path of this origin.', example: '/appointments' }),
    }),
  },
  responses: {
    302: redirect('To the issuer.'),
    ...problemsOf('sign_in_unavailable', 'invalid_request', 'too_many_requests', ...AWAY),
  },
});

const callback = createRoute({
  method: 'get',
  path: '/auth/callback',
  operationId: 'finishSignIn',
  tags: ['Sign-in'],
  summary: 'Where the issuer sends the browser back to',
  responses: {
    302: redirect('Signed in: to where the sign-in was to lead.'),
    ...problemsOf(
      'sign_in_not_begun',
      'sign_in_refused',
      'unknown_person',
      'email_unverified',
      'sign_in_unavailable',
      'too_many_requests',
      ...AWAY,
    ),
  },
});

const logout = createRoute({
  method: 'post',
  path: '/auth/logout',
  operationId: 'signOut',
  tags: ['Sign-in'],
  summary: 'End the web app’s session; it is over at once, in other processes within two seconds',
  request: { headers: optionalKey },
  responses: {
    204: { description: 'Signed out, or never signed in.' },
    ...problemsOf(
      'cross_site_request',
      'body_too_large',
      'invalid_request',
      'too_many_requests',
      'database_unavailable',
      'overloaded',
    ),
  },
});

/** Who has signed in; somebody unknown becomes a client where that is open. @throws Problem `unknown_person`, `email_unverified` */
async function personOf({ db, config }: Services, claims: Awaited<ReturnType<SignInFlow['finish']>>) {
  const known = await personBySubject(db, claims.sub);
  if (known !== null) return known;
  if (config.signIn?.signUp !== 'open') throw new Problem('unknown_person');
  const made = await registerClient(db, newcomerOf(claims));
  if (made === null) throw new Problem('unknown_person');
  return made;
}

/** A fresh secret at each sign-in: a cookie that somebody else put there is worth nothing. */
async function openFor(c: Context<ApiEnv>, { db, config, callers }: Services, personId: string): Promise<void> {
  const { publicUrl, session = SESSION_DEFAULTS } = config;
  const former = readCookie(c, publicUrl, 'punctual');
  const replaces = former === undefined ? null : hashOfSecret(former);
  const value = randomSecret();
  await openSession(db, { secretHash: hashOfSecret(value), personId, replaces }, session);
  if (replaces !== null) callers.sessions.forget(replaces);
  writeCookie(c, publicUrl, 'punctual', { value, maxAgeMs: session.longestMs });
}

/** The routes of the web app's sign-in. Without a client at the issuer they answer `sign_in_unavailable`. */
export function signInRoutes(services: Services) {
  const { db, config, callers } = services;
  const { publicUrl } = config;
  const flow = config.signIn === undefined ? null : createSignInFlow(config, config.signIn);
  const flowOf = (): SignInFlow => {
    if (flow === null) throw new Problem('sign_in_unavailable');
    return flow;
  };
  return newRoutes()
    .openapi(login, async (c) => {
      const issuer = flowOf();
      const returnTo = pathOfOurs(c.req.valid('query').returnTo, publicUrl);
      if (returnTo === null) throw invalid('query.returnTo', 'must be a path of this origin');
      const { address, signIn } = await issuer.begin(returnTo);
      const secret = randomSecret();
      await keepSignIn(db, hashOfSecret(secret), signIn);
      writeCookie(c, publicUrl, 'punctual-sign-in', { value: secret, maxAgeMs: TEN_MINUTES_MS });
      return c.redirect(address.href, 302);
    })
    .openapi(callback, async (c) => {
      const issuer = flowOf();
      const secret = readCookie(c, publicUrl, 'punctual-sign-in');
      const signIn = secret === undefined ? null : await takeSignIn(db, hashOfSecret(secret));
      dropCookie(c, publicUrl, 'punctual-sign-in');
      if (signIn === null) throw new Problem('sign_in_not_begun');
      const person = await personOf(services, await issuer.finish(new URL(c.req.url).search, signIn));
      await openFor(c, services, person.id);
      return c.redirect(signIn.returnTo, 302);
    })
    .openapi(logout, async (c) => {
      const secret = readCookie(c, publicUrl, 'punctual');
      if (secret === undefined) return c.body(null, 204);
      assertSameOrigin(c, publicUrl);
      const secretHash = hashOfSecret(secret);
      await endSession(db, { secretHash });
      callers.sessions.forget(secretHash);
      dropCookie(c, publicUrl, 'punctual');
      return c.body(null, 204);
    });
}
