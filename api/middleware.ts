import { randomUUID } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import { Problem } from './errors.js';
import type { ApiMetrics } from './metrics.js';
import type { ApiEnv } from './services.js';

/** One line a request, which is counted too: the route's pattern and not the address, so that no query or secret gets into the log. */
export function logRequests(log: Logger, metrics: ApiMetrics): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { status } = c.res;
    const ms = performance.now() - startedAt;
    const answered = { method: c.req.method, route: routePath(c, -1), status };
    metrics.note({ ...answered, ms });
    log.info({ requestId: c.get('requestId'), ...answered, ms: Math.round(ms) }, 'request');
  };
}

/** Names, messages and codes of an error and its causes: their other members may quote what somebody sent. */
function chainOf(error: unknown): { name: string; message: string; code?: unknown }[] {
  const chain = [];
  for (let cause = error; cause instanceof Error && chain.length < 5; cause = cause.cause) {
    chain.push({ name: cause.name, message: cause.message, ...('code' in cause ? { code: cause.code } : {}) });
  }
  return chain;
}

/** What lay behind a 5xx: with its stack where it is a bug of ours. */
export function logProblem(log: Logger, requestId: string, problem: Problem): void {
  const { cause } = problem.extra;
  const isBug = problem.code === 'internal';
  const line = {
    requestId,
    code: problem.code,
    causes: chainOf(cause),
    ...(isBug && cause instanceof Error ? { stack: cause.stack } : {}),
  };
  if (isBug) log.error(line, 'internal error');
  else log.warn(line, 'unavailable');
}

type Headers = readonly (readonly [name: string, value: string])[];

/** What Hono's `secureHeaders` sends, with our own policy of contents. (https://hono.dev/docs/middleware/builtin/secure-headers) */
const ALWAYS: Headers = [
  ['cross-origin-resource-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['origin-agent-cluster', '?1'],
  ['referrer-policy', 'no-referrer'],
  ['strict-transport-security', 'max-age=15552000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-dns-prefetch-control', 'off'],
  ['x-download-options', 'noopen'],
  ['x-frame-options', 'SAMEORIGIN'],
  ['x-permitted-cross-domain-policies', 'none'],
  ['x-xss-protection', '0'],
  // Nothing of this API may be kept by caches, unless a route says so.
  ['cache-control', 'no-store'],
];
const CLOSED: Headers = [...ALWAYS, ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"]];
/** The docs page runs its own scripts and asks this API alone. */
const FOR_DOCS: Headers = [
  ...ALWAYS,
  [
    'content-security-policy',
    "default-src 'none'; frame-ancestors 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'",
  ],
];

/** Sets headers of the answer whatever a route answers with; a route's header of the same name replaces them. */
export function setStanding(c: Context<ApiEnv>, headers: Headers): void {
  const { outgoing } = (c.env as ApiEnv['Bindings'] | undefined) ?? {};
  if (outgoing === undefined) for (const [name, value] of headers) c.header(name, value);
  // Node's own answer takes them at a tenth of the cost of a `Response`, whose one header then stays a plain object.
  else for (const [name, value] of headers) outgoing.setHeader(name, value);
}

/** Browsers may run nothing of an answer, but for the docs page. */
export const standingHeaders: MiddlewareHandler<ApiEnv> = (c, next) => {
  const { path } = c.req;
  setStanding(c, path === '/docs' || path.startsWith('/docs/') ? FOR_DOCS : CLOSED);
  return next();
};

const LONGEST_REQUEST_ID = 100;
const REQUEST_ID = /^[\w\-=]+$/;

/** The caller's `X-Request-Id` if it is a plain word, else one of ours; in the answer, the log and nothing else. */
export const requestIds: MiddlewareHandler<ApiEnv> = (c, next) => {
  const given = c.req.header('x-request-id') ?? '';
  const requestId = given.length <= LONGEST_REQUEST_ID && REQUEST_ID.test(given) ? given : randomUUID();
  c.set('requestId', requestId);
  setStanding(c, [['x-request-id', requestId]]);
  return next();
};

/** Refuses longer bodies. Hono's own limit counts what comes in pieces; it would build a whole `Request` for every other. */
export function limitBody(maxSize: number): MiddlewareHandler<ApiEnv> {
  const refuse = (): never => {
    throw new Problem('body_too_large');
  };
  const counted = bodyLimit({ maxSize, onError: refuse });
  return (c, next) => {
    if (c.req.header('transfer-encoding') !== undefined) return counted(c, next);
    return Number(c.req.header('content-length') ?? 0) > maxSize ? refuse() : next();
  };
}
