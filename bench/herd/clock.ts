import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db } from '../../db/database.js';

/** How PostgreSQL's clock relates to this process's. */
export interface ClockOffset {
  /** PostgreSQL's minus ours, milliseconds. */
  offsetMs: number;
  /** How far off that may be. */
  errorMs: number;
}

const TRIES = 20;
/** Ours tells whole milliseconds. */
const RESOLUTION_MS = 1;

/** Asks PostgreSQL for the time several times and keeps the quickest answer. */
export async function measureOffset(db: Db): Promise<ClockOffset> {
  let best: ClockOffset | null = null;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const sentAt = Date.now();
    const { rows } = await sql<{ ms: number }>`
      select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.execute(db);
    const answeredAt = Date.now();
    const errorMs = (answeredAt - sentAt) / 2 + RESOLUTION_MS;
    if (best === null || errorMs < best.errorMs) best = { offsetMs: rows[0]!.ms - (sentAt + answeredAt) / 2, errorMs };
  }
  return best!;
}

/** Keeps no process alive: the stack's children do, and once they are gone nothing is left to wait for. */
export function rest(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}

/** Waits until our clock has reached this time of PostgreSQL's. */
export async function waitUntil(timeMs: number, { offsetMs }: ClockOffset): Promise<void> {
  for (;;) {
    const leftMs = timeMs - offsetMs - Date.now();
    if (leftMs <= 0) return;
    await rest(Math.min(leftMs, 60_000));
  }
}
