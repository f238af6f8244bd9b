import { percentile } from '../stats.js';

/** Lateness of many, milliseconds after their due time. */
export interface Lateness {
  count: number;
  p50: number;
  p99: number;
  max: number;
  /** How many came before their time. */
  early: number;
}

/** Sums up `at - due`; what came early counts as 0 ms late, and is counted. */
export function latenessOf(differencesMs: readonly number[]): Lateness {
  const late = differencesMs.map((difference) => Math.max(0, difference));
  return {
    count: late.length,
    p50: percentile(late, 0.5),
    p99: percentile(late, 0.99),
    max: percentile(late, 1),
    early: differencesMs.filter((difference) => difference < 0).length,
  };
}
