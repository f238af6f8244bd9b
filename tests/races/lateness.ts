import { sql } from 'kysely';
import type { Db } from '../../db/database.js';

/** How late the latest of some appointments was, ms after it was due, and how much was done at all. */
export interface Lateness {
  /** T-15, T-5 and the end, committed. */
  durableMs: number;
  /** Their notices, handed over. */
  toldMs: number;
  /** Rooms, made before T-5 or after it. */
  roomMs: number;
  committed: number;
  told: number;
  rooms: number;
}

/** Reads it from what was written down. */
export async function latenessOf(db: Db, ids: readonly string[]): Promise<Lateness> {
  const mine = sql`(${sql.join([...ids])})`;
  const { rows } = await sql<Lateness>`
    with durable as (
      select coalesce(extract(epoch from max(at - due)) * 1000, 0)::float as late, count(*)::int as done
      from timeline_entry where appointment_id in ${mine} and kind in ('reminder_due', 'opening_due', 'duration_over')
    ), notices as (
      select coalesce(extract(epoch from max(sent_at - not_before)) * 1000, 0)::float as late, count(*)::int as done
      from notification where appointment_id in ${mine} and kind in ('t15', 't5', 'no_show') and status = 'sent'
    ), rooms as (
      select coalesce(extract(epoch from max(r.ensured_at - a.opens_at)) * 1000, 0)::float as late, count(*)::int as done
      from room r join appointment a on a.id = r.appointment_id where a.id in ${mine} and r.ensured_at is not null
    )
    select durable.late as durable_ms, durable.done as committed, notices.late as told_ms, notices.done as told,
      rooms.late as room_ms, rooms.done as rooms
    from durable, notices, rooms`.execute(db);
  return rows[0]!;
}
