import { REAL_MINUTE_MS } from '../domain/policy.js';
import { readDatabaseConfig } from './config.js';

/** Where to seed, and how long the ordinary therapists' policy minute lasts in milliseconds. */
export interface SeedConfig {
  databaseUrl: string;
  minuteMs: number;
}

/**
 * `MINUTE_MS`, 60000 by default. @throws Error when it is no whole number above 0, or another than 60000 with
 * `NODE_ENV=production`: real people's sessions never run at speed.
 */
export function readMinuteMs(env: NodeJS.ProcessEnv = process.env): number {
  const text = env['MINUTE_MS'];
  if (text === undefined || text === '') return REAL_MINUTE_MS;
  const minuteMs = Number(text);
  if (!Number.isSafeInteger(minuteMs) || minuteMs < 1) {
    throw new Error(`MINUTE_MS is "${text}": set it to a whole number of milliseconds above 0.`);
  }
  if (env['NODE_ENV'] === 'production' && minuteMs !== REAL_MINUTE_MS) {
    throw new Error(
      `MINUTE_MS is ${minuteMs} with NODE_ENV=production: a minute lasts ${REAL_MINUTE_MS} ms there; unset MINUTE_MS.`,
    );
  }
  return minuteMs;
}

/** Reads DATABASE_URL and MINUTE_MS. @throws Error naming the variable that is wrong. */
export function readSeedConfig(env: NodeJS.ProcessEnv = process.env): SeedConfig {
  return { ...readDatabaseConfig(env), minuteMs: readMinuteMs(env) };
}
