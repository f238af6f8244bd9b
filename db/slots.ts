import { sql } from 'kysely';
import type { Db } from './database.js';

/** A taken stretch of a therapist's time with its buffer, epoch ms, end exclusive. */
export interface TakenSlot {
  from: number;
  to: number;
}

/**
 * What the exclusion constraint would meet between two instants (epoch ms), by start: the stored status counts, since
 * a slot stays taken until its appointment's end is committed.
 */
export async function takenSlots(db: Db, therapistId: string, from: number, to: number): Promise<TakenSlot[]> {
  const rows = await db
    .selectFrom('appointment')
    .where('therapistId', '=', therapistId)
    .where('status', 'in', ['scheduled', 'confirmed', 'in_progress'])
    .where(sql<boolean>`slot && tstzrange(${new Date(from)}, ${new Date(to)})`)
    .select([sql<Date>`lower(slot)`.as('from'), sql<Date>`upper(slot)`.as('to')])
    .orderBy('startsAt')
    .execute();
  return rows.map((row) => ({ from: row.from.getTime(), to: row.to.getTime() }));
}
