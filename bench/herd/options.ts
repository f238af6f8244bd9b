import { readArguments } from '../options.js';

/** What a rival may be left out by. */
export const RIVALS = ['pg-boss', 'graphile-worker', 'cron'] as const;
export type RivalName = (typeof RIVALS)[number];

/** How the herd is run. */
export interface HerdOptions {
  /** Appointments whose T-15 and T-5 fall on the same second. */
  n: number;
  runs: number;
  /** How long a policy minute lasts, milliseconds: ten of them lie between T-15 and T-5. */
  minuteMs: number;
  /** `wakeSpreadMs` of the therapists' policy, policy milliseconds; null takes the product's default. */
  spreadMs: number | null;
  /** Joins sent over the second from T-5 on. */
  joins: number;
  /** Reads a second, for as long as the herd is on. */
  readRate: number;
  /** Bookings under way at once. */
  concurrency: number;
  workers: number;
  apis: number;
  shards: number;
  /** The herd is made of rows by the product's own transactions instead of booked through the API: in minutes, where ten thousand are many. */
  fromRows: boolean;
  rivals: RivalName[];
  /** How long after the due second the minute cron ticks, seconds. 30 is the mean of a random phase. */
  cronPhaseS: number;
}

/** A second one is slower on the two cores that all figures are of, which PostgreSQL, Temporal and the API need too. */
const DEFAULT_WORKERS = 1;
const SHORTEST_MINUTE_MS = 2_000;
const LONGEST_MINUTE_MS = 60_000;
const MINUTE_MS_PER_APPOINTMENT = 12;

/**
 * A policy minute that leaves each appointment of a herd as much room, before T-15 and between T-15 and T-5, as 5,000
 * have in earnest; the largest herds run in earnest.
 */
export function defaultMinuteMs(n: number): number {
  const rounded = Math.ceil((n * MINUTE_MS_PER_APPOINTMENT) / 100) * 100;
  return Math.min(LONGEST_MINUTE_MS, Math.max(SHORTEST_MINUTE_MS, rounded));
}

const COUNTS = ['n', 'runs', 'minute-ms', 'joins', 'read-rate', 'concurrency', 'workers', 'apis', 'shards'] as const;
/** --spread-ms takes what the product's default has. */
const DEFAULT_SPREAD = -1;

/** Reads the bench's own arguments. @throws Error that names the one that is wrong */
export function readHerdOptions(args: string[]): HerdOptions {
  const given = readArguments(args, [...COUNTS, 'spread-ms', 'cron-phase-s', 'rivals'], ['from-rows']);
  const n = given.whole('n', 1_000);
  const spreadMs = given.whole('spread-ms', DEFAULT_SPREAD, DEFAULT_SPREAD);
  const rivals = given.oneOf('rivals', ['all', 'none', ...RIVALS], 'all');
  return {
    n,
    runs: given.whole('runs', 1),
    minuteMs: given.whole('minute-ms', defaultMinuteMs(n), 100),
    spreadMs: spreadMs === DEFAULT_SPREAD ? null : spreadMs,
    joins: Math.min(n, given.whole('joins', Math.ceil(n / 10), 0)),
    readRate: given.whole('read-rate', 20, 0),
    concurrency: given.whole('concurrency', 16),
    workers: given.whole('workers', DEFAULT_WORKERS),
    apis: given.whole('apis', 1),
    shards: given.whole('shards', 4),
    fromRows: given.flag('from-rows'),
    rivals: rivals === 'all' ? [...RIVALS] : rivals === 'none' ? [] : [rivals],
    cronPhaseS: given.whole('cron-phase-s', 30),
  };
}
