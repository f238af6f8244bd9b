import type { Client } from '@temporalio/client';

const LIMIT_MS = 5_000;

/** A call to Temporal, which always has a deadline: a relay tries again what missed it. */
export function callTemporal<T>(temporal: Client, call: () => Promise<T>): Promise<T> {
  return temporal.withDeadline(Date.now() + LIMIT_MS, call);
}
