import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 400;

/** Looks again and again until `holds` says yes. @throws Error naming `what` did not come in time */
export async function waitFor(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() >= until) throw new Error(`${what} did not come within ${Math.round(withinMs / 1_000)} s`);
    await sleep(LOOK_EVERY_MS);
  }
}
