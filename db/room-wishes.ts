import { sql } from 'kysely';
import { deadlinesOf, spreadRoomAt } from '../domain/deadlines.js';
import type { AppointmentRecord } from '../domain/record.js';
import { KEPT_CHARACTERS, storableText } from '../domain/storable-text.js';
import { isTerminal, type SessionMode } from '../domain/types.js';
import type { LoadedAppointment } from './appointment-record.js';
import type { Db, Trx } from './database.js';
import { sendAhead } from './patience.js';

/** When the room should be made, epoch ms, at `now`; null while none is wanted: from T-15 on, once activated. */
function wantedAt(record: AppointmentRecord, now: number): number | null {
  if (record.status === 'confirmed' || record.status === 'in_progress') return now;
  const approaches = record.status === 'scheduled' && record.activatedAt !== null && record.remindedAt !== null;
  return approaches && record.openedAt === null ? spreadRoomAt(record, deadlinesOf(record).opensAt) : null;
}

/**
 * Writes down, in the commit's transaction, what shall become of the room: made before T-5, and closed once the
 * appointment is over or has moved. The relay carries it out; a join that finds none alive makes it at once.
 */
export async function wishForRoom(
  trx: Trx,
  { roomStatus, record: before }: Pick<LoadedAppointment, 'roomStatus' | 'record'>,
  record: AppointmentRecord,
  now: number,
): Promise<void> {
  const mine = record.id;
  const isGone = isTerminal(record.status) || record.scheduleVersion !== before.scheduleVersion;
  if (isGone && roomStatus === 'wanted') {
    const unmade = trx.deleteFrom('room').where('appointmentId', '=', mine).where('sid', 'is', null);
    // One that was tried may be there at the vendor, made by a relay that died: the next one finds it, and closes it.
    await sendAhead(trx, (isTerminal(record.status) ? unmade.where('attempts', '=', 0) : unmade).compile());
  }
  if (isGone && (roomStatus === 'alive' || roomStatus === 'wanted')) {
    const closing = sql`update room set status = 'closing', next_attempt_at = clock_timestamp(), attempts = 0
      where appointment_id = ${mine} and sid is not null`;
    await sendAhead(trx, closing.compile(trx));
  }
  if (isGone || (roomStatus !== null && roomStatus !== 'closed')) return;
  const at = wantedAt(record, now);
  if (at === null) return;
  const wish = { status: 'wanted' as const, sid: null, nextAttemptAt: new Date(at), attempts: 0, error: null };
  const wished = trx
    .insertInto('room')
    .values({ appointmentId: mine, mode: record.sessionMode, ...wish })
    .onConflict((conflict) => conflict.column('appointmentId').doUpdateSet(wish));
  await sendAhead(trx, wished.compile());
}

/** A room that the relay has claimed, to be made or closed. */
export interface ClaimedRoom {
  appointmentId: string;
  mode: SessionMode;
  status: 'wanted' | 'closing';
  sid: string | null;
  meetingId: string;
  attempts: number;
}

/** A claim whose relay died is taken up again after this long: longer than the vendor's time-out. */
const CLAIM_LEASE_MS = 15_000;

/** Claims rooms that are due, the most overdue first; what another relay holds is skipped. */
export async function claimRooms(db: Db, limit: number): Promise<ClaimedRoom[]> {
  const { rows } = await sql<ClaimedRoom>`
    with due as (
      select appointment_id from room
      where status in ('wanted', 'closing') and next_attempt_at <= statement_timestamp()
      order by next_attempt_at limit ${limit} for update skip locked
    )
    update room r set attempts = r.attempts + 1,
      next_attempt_at = clock_timestamp() + ${CLAIM_LEASE_MS} * interval '1 millisecond'
    from due, appointment a where r.appointment_id = due.appointment_id and a.id = r.appointment_id
    returning r.appointment_id, r.mode, r.status, r.sid, a.meeting_id, r.attempts`.execute(db);
  return rows;
}

/** The vendor refused or failed: the room waits for its next try, and says why. */
export async function retryRoom(db: Db, appointmentId: string, inMs: number, error: string): Promise<void> {
  await sql`
    update room set next_attempt_at = clock_timestamp() + ${inMs} * interval '1 millisecond', error = ${storableText(error, KEPT_CHARACTERS)}
    where appointment_id = ${appointmentId} and status in ('wanted', 'closing')`.execute(db);
}
