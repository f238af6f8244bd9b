import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from 'pino';
import type { ApiEnv } from './services.js';

/** One line a request: the route's pattern and not the address, so that no query or secret gets into the log. */
export function logRequests(log: Logger): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { status } = c.res;
    const line = { requestId: c.get('requestId'), method: c.req.method, route: routePath(c, -1), status, ms: Math.round(performance.now() - startedAt) };
    if (status >= 500) log.error(line, 'request failed');
    else log.info(line, 'request');
  };
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
