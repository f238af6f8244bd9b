import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from 'pino';
import type { Problem } from './errors.js';
import type { ApiEnv } from './services.js';

/** One line a request: the route's pattern and not the address, so that no query or secret gets into the log. */
export function logRequests(log: Logger): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { status } = c.res;
    const line = {
      requestId: c.get('requestId'),
      method: c.req.method,
      route: routePath(c, -1),
      status,
      ms: Math.round(performance.now() - startedAt),
    };
    log.info(line, 'request');
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

/** Nothing of this API may be kept by caches. */
export const noStore: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
};

const closed = secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } });
/** The docs page runs its own scripts and asks this API alone. */
const forDocs = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    frameAncestors: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
  },
});

/** Answers are data: browsers may run nothing of them, but for the docs page. */
export const securityHeaders: MiddlewareHandler<ApiEnv> = (c, next) => {
  const isDocs = c.req.path === '/docs' || c.req.path.startsWith('/docs/');
  return (isDocs ? forDocs : closed)(c, next);
};
