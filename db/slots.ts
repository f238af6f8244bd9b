import { sql } from 'kysely';
import { blockOf, type Buffers } from '../domain/availability.js';
import type { Stretch } from '../domain/local-time.js';
import type { RefusalCode } from '../domain/refusals.js';
import type { Db, Trx } from './database.js';

/**
 * What is taken of a therapist's time between two instants (epoch ms), buffers included, by start: what the exclusion
 * constraint would meet. The stored status counts, since a slot stays taken until its appointment's end is committed.
 */
export async function takenSlots(db: Db, therapistId: string, from: number, to: number): Promise<Stretch[]> {
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

/** A session's slot with its buffers, as the column has it. */
export function slotRange(times: { startsAt: number; endsAt: number }, buffers: Buffers) {
  const { from, to } = blockOf(times, buffers);
  return sql<string>`tstzrange(${new Date(from)}, ${new Date(to)})`;
}

/** Times that somebody wants; `except` is the appointment that moves, null for a new one. Epoch ms. */
export interface WantedTimes extends Buffers {
  therapistId: string;
  clientId: string;
  except: string | null;
  startsAt: number;
  endsAt: number;
}

/** Locks a client's bookings, so that what is looked up of them stays true until the transaction ends. */
export async function lockBookingsOf(trx: Trx, clientId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`booking:${clientId}`}, 0))`.execute(trx);
}

/** Locks a therapist's slots, after the client's bookings. */
export async function lockSlotsOf(trx: Trx, therapistId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`slot:${therapistId}`}, 0))`.execute(trx);
}

/**
 * What stands in the way of these times, by the live rows; both locks must be held. The exclusion constraints stand
 * behind it, but alone they may deadlock: the check waits for a row in the way that a commit is just updating, and the
 * update's own check for the row that was inserted.
 */
export async function findConflict(
  trx: Trx,
  wanted: WantedTimes,
): Promise<Extract<RefusalCode, 'slot_taken' | 'own_overlap'> | null> {
  const { therapistId, clientId, except } = wanted;
  const [startsAt, endsAt] = [new Date(wanted.startsAt), new Date(wanted.endsAt)];
  const { rows } = await sql<{ taken: boolean; own: boolean }>`
    select
      exists (select 1 from appointment where therapist_id = ${therapistId} and id is distinct from ${except}::uuid
        and status in ('scheduled', 'confirmed', 'in_progress') and slot && ${slotRange(wanted, wanted)}) as taken,
      exists (select 1 from appointment where client_id = ${clientId} and id is distinct from ${except}::uuid
        and status in ('scheduled', 'confirmed', 'in_progress')
        and tstzrange(starts_at, ends_at) && tstzrange(${startsAt}, ${endsAt})) as own`.execute(trx);
  const { taken, own } = rows[0]!;
  return taken ? 'slot_taken' : own ? 'own_overlap' : null;
}
