import { sql } from 'kysely';
import type { Db } from './database.js';

/** PostgreSQL's clock in epoch ms: the one clock that readers, joins and the relay go by. */
export async function databaseNow(db: Db): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp()::timestamptz(3) as now`.execute(db);
  return rows[0]!.now.getTime();
}

export const toMs = (date: Date | null): number | null => date?.getTime() ?? null;
export const toDate = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
