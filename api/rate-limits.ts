import type { Context, MiddlewareHandler } from 'hono';
import { errorOf, Problem } from './errors.js';
import { clientAddress } from './client-address.js';
import { type Left, LimitReached, type Limiter } from './limiter.js';
import { appointmentToChange, type Limits, limitOfStranger, limitsOf, UNNOTICED_CHANGES } from './limits.js';
import { setStanding } from './middleware.js';
import type { ApiEnv } from './services.js';

/** What stands between a request and its routes. */
export interface LimitSettings {
  limiter: Limiter;
  limits: Limits;
  /** Proxies of ours before this process. */
  trustedProxies: number;
}

/** draft-ietf-httpapi-ratelimit-headers-10: both fields are lists of structured fields, one member a limit. */
function tell(c: Context<ApiEnv>, limits: Limits, all: readonly Left[]): void {
  const policies = all.map(({ name }) => `"${name}";q=${limits[name].most};w=${limits[name].seconds}`);
  const states = all.map(({ name, remaining, resetS }) => `"${name}";r=${remaining};t=${resetS}`);
  setStanding(c, [
    ['ratelimit-policy', policies.join(', ')],
    ['ratelimit', states.join(', ')],
  ]);
}

/** Counts a request towards limits one after the other, the cheap ones first, and says in its headers what is left. */
async function count(c: Context<ApiEnv>, limits: Limits, work: (all: Left[]) => Promise<void>): Promise<void> {
  const all: Left[] = [];
  try {
    await work(all);
  } catch (error) {
    if (error instanceof LimitReached) all.push(error.left);
    throw error;
  } finally {
    if (all.length > 0) tell(c, limits, all);
  }
}

/** Counts what a known caller asks for. After the authentication. @throws LimitReached */
export function limitCallers({ limiter, limits }: LimitSettings): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { method, path } = c.req;
    const { id, role } = c.get('caller');
    await count(c, limits, async (all) => {
      const [first, ...more] = limitsOf(method, path, role === 'admin');
      all.push(await limiter.take(first!, id));
      const appointment = appointmentToChange(method, path);
      if (appointment !== null) {
        const key = `${id}/${appointment}`;
        const own = await limiter.take('appointment', key, 'rate_limited');
        all.push(own);
        if (own.used > UNNOTICED_CHANGES) all.push(await limiter.take('persistence', key, 'rate_limited'));
      }
      for (const name of more) all.push(await limiter.take(name, id));
    });
    await next();
  };
}

/** Counts, by address, what needs nobody to be known. @throws LimitReached */
export function limitStrangers({ limiter, limits, trustedProxies }: LimitSettings): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const name = limitOfStranger(c.req.path);
    if (name === null) return next();
    const address = clientAddress(c, trustedProxies);
    await count(c, limits, async (all) => void all.push(await limiter.take(name, address)));
    return next();
  };
}

/**
 * Counts, by address, the tokens and sessions that are none. Who is let in is never held up by those who share an address
 * with them. @throws LimitReached instead of the 401
 */
export function limitRefusedTokens(
  { limiter, limits, trustedProxies }: LimitSettings,
  authenticate: MiddlewareHandler<ApiEnv>,
): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    let isKnown = false;
    try {
      return await authenticate(c, () => {
        isKnown = true;
        return next();
      });
    } catch (error) {
      const isRefused = !isKnown && error instanceof Problem && errorOf(error.code).status === 401;
      if (isRefused) {
        const address = clientAddress(c, trustedProxies);
        await count(c, limits, async (all) => void all.push(await limiter.take('refused_tokens', address)));
      }
      throw error;
    }
  };
}
