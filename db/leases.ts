import { sql } from 'kysely';
import type { Db, Trx } from './database.js';

/**
 * Takes the therapist's lease for a session in one statement: free, ours already, or past its holder's end. @returns
 * null when taken, else the id of the session that is held.
 */
export async function takeLease(
  trx: Trx,
  therapistId: string,
  appointmentId: string,
  heldUntil: Date,
): Promise<string | null> {
  for (;;) {
    const taken = await tryLease(trx, therapistId, appointmentId, heldUntil);
    if (taken) return null;
    const other = await otherSession(trx, therapistId, appointmentId);
    if (other !== null) return other; // else it was freed, or its time ran out, between the two statements
  }
}

async function tryLease(trx: Trx, therapistId: string, appointmentId: string, heldUntil: Date): Promise<boolean> {
  const { rows } = await sql<{ appointmentId: string }>`
    insert into therapist_lease as lease (therapist_id, appointment_id, held_until)
    values (${therapistId}, ${appointmentId}, ${heldUntil})
    on conflict (therapist_id) do update
      set appointment_id = excluded.appointment_id, held_until = excluded.held_until, taken_at = clock_timestamp()
      where lease.appointment_id = excluded.appointment_id or lease.held_until <= clock_timestamp()
    returning appointment_id`.execute(trx);
  return rows.length > 0;
}

/** The other session a therapist holds now, or null. */
export async function otherSession(db: Db, therapistId: string, appointmentId: string): Promise<string | null> {
  const row = await db
    .selectFrom('therapistLease')
    .where('therapistId', '=', therapistId)
    .where('appointmentId', '<>', appointmentId)
    .where('heldUntil', '>', sql<Date>`clock_timestamp()`)
    .select('appointmentId')
    .executeTakeFirst();
  return row?.appointmentId ?? null;
}

/** Frees the lease if this session holds it. */
export async function freeLease(db: Db, therapistId: string, appointmentId: string): Promise<void> {
  await db
    .deleteFrom('therapistLease')
    .where('therapistId', '=', therapistId)
    .where('appointmentId', '=', appointmentId)
    .execute();
}

/** A session goes on longer: so does the lease that it holds. */
export async function extendLease(db: Db, therapistId: string, appointmentId: string, heldUntil: Date): Promise<void> {
  await db
    .updateTable('therapistLease')
    .set({ heldUntil })
    .where('therapistId', '=', therapistId)
    .where('appointmentId', '=', appointmentId)
    .execute();
}
