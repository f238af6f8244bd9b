import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 250;

/** When the ends were settled, ms after the second on which they fell. */
export interface Drain {
  count: number;
  p50: number;
  p99: number;
  all: number;
}

/** Asks `settled` how many are through until all are; what lies between two answers counts as the later one. */
export async function watchDrain(
  endsAt: number,
  count: number,
  settled: () => Promise<number>,
  limitMs: number,
): Promise<Drain> {
  await sleep(Math.max(0, endsAt - Date.now()));
  const reached: Record<'p50' | 'p99' | 'all', number | null> = { p50: null, p99: null, all: null };
  const wanted = { p50: Math.ceil(count * 0.5), p99: Math.ceil(count * 0.99), all: count };
  while (reached.all === null) {
    const done = await settled();
    const ms = Date.now() - endsAt;
    for (const key of ['p50', 'p99', 'all'] as const) if (done >= wanted[key]) reached[key] ??= ms;
    if (ms > limitMs) throw new Error(`${done} of ${count} ends are settled ${limitMs / 1000} s after they were due`);
    await sleep(POLL_MS);
  }
  return { count, p50: reached.p50!, p99: reached.p99!, all: reached.all };
}
