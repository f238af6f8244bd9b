import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Db } from '../db/database.js';
import { limiterClient, RATE_LIMIT_TABLE } from '../db/rate-limits.js';
import { Problem, type ProblemCode } from './errors.js';
import { LIMIT_NAMES, type LimitName, type Limits, SHARED } from './limits.js';

/** What is left of a limit after a request, for its headers. */
export interface Left {
  name: LimitName;
  remaining: number;
  /** Seconds until it is counted anew, rounded up. */
  resetS: number;
}

const secondsOf = ({ msBeforeNext }: RateLimiterRes): number => Math.max(1, Math.ceil(msBeforeNext / 1000));

/** Somebody has used up a limit. */
export class LimitReached extends Problem {
  constructor(
    readonly left: Left,
    code: ProblemCode = 'too_many_requests',
  ) {
    super(code, { facts: { limit: left.name, retryAfterSeconds: left.resetS } });
  }
}

/** Counts what callers ask for. With PostgreSQL away the limits that are shared can't be known, and their requests are 503. */
export class Limiter {
  private readonly counters: Record<LimitName, RateLimiterMemory | RateLimiterPostgres>;

  constructor(db: Db, limits: Limits) {
    const storeClient = limiterClient(db);
    // One of them clears the table; the timers end no process and no test.
    const clears = [...SHARED][0];
    const counterOf = (name: LimitName) => {
      const { most: points, seconds: duration } = limits[name];
      const own = { keyPrefix: name, points, duration };
      if (!SHARED.has(name)) return new RateLimiterMemory(own);
      return new RateLimiterPostgres({
        ...own,
        storeClient,
        storeType: 'client',
        tableName: RATE_LIMIT_TABLE,
        tableCreated: true,
        clearExpiredByTimeout: name === clears,
        // Whoever has used it up is refused from memory: a flood costs no statement.
        inMemoryBlockOnConsumed: points,
      });
    };
    this.counters = Object.fromEntries(LIMIT_NAMES.map((name) => [name, counterOf(name)])) as typeof this.counters;
  }

  /** Counts one request of whoever `key` names. @throws LimitReached, or the database's error where it is shared */
  async take(name: LimitName, key: string, code?: ProblemCode): Promise<Left & { used: number }> {
    try {
      const after = await this.counters[name].consume(key);
      return { name, remaining: after.remainingPoints, resetS: secondsOf(after), used: after.consumedPoints };
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new LimitReached({ name, remaining: 0, resetS: secondsOf(error) }, code);
    }
  }
}
