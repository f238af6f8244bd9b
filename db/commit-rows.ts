import { sql } from 'kysely';
import type { Stretch } from '../domain/attendance.js';
import type { MessageEvent } from '../domain/events.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { ActorRole } from '../domain/types.js';
import {
  appointmentColumns,
  lockRow,
  selectAppointments,
  toLoaded,
  type LoadedAppointment,
} from './appointment-record.js';
import type { Working } from './commit-effects.js';
import { compiledRead } from './compiled-read.js';
import type { Trx } from './database.js';
import type { JsonObject } from './json.js';
import type { UnhandledMessage } from './messages.js';
import { writeNotificationsOf } from './notification-rows.js';
import { AHEAD, LAST } from './patience.js';
import { timelineRows } from './timeline.js';

/** What a commit decides on: the locked row, and every stored message that no commit has come to yet, by arrival. */
export interface ForCommit {
  loaded: LoadedAppointment;
  messages: UnhandledMessage[];
}

interface MessageJson {
  id: string;
  kind: MessageEvent;
  actorRole: ActorRole;
  actorId: string | null;
  payload: JsonObject;
  receivedAt: string;
}

const readForCommit = compiledRead(['id'], (db, { id }) =>
  selectAppointments(db)
    .where('a.id', '=', id)
    .select([
      sql<MessageJson[] | null>`(
        select json_agg(json_build_object('id', m.id, 'kind', m.kind, 'actorRole', m.actor_role, 'actorId', m.actor_id,
          'payload', m.payload, 'receivedAt', m.received_at) order by m.received_at, m.id)
        from message m where m.appointment_id = a.id and m.handled_at is null)`.as('unhandled'),
      sql<{ from: string; to: string | null }[] | null>`(
        select json_agg(json_build_object('from', c.connected_at, 'to', c.disconnected_at))
        from room_connection c where c.appointment_id = a.id and c.participant = 'therapist')`.as('stretches'),
    ]),
);

/**
 * Locks the row, then reads all that a commit decides on in one statement, with the clock: none of the messages it sees
 * is later than `now`. (One statement after the lock, not with it: what was waited for must be seen.) Null without a row.
 */
export async function lockForCommit(trx: Trx, appointmentId: string): Promise<ForCommit | null> {
  await lockRow(trx, appointmentId);
  const [selected] = await readForCommit(trx, { id: appointmentId });
  if (selected === undefined) return null;
  const { unhandled, stretches, ...row } = selected;
  const loaded = toLoaded(row);
  loaded.record.therapistStretches =
    stretches?.map(({ from, to }): Stretch => ({ from: Date.parse(from), to: to === null ? null : Date.parse(to) })) ??
    null;
  return { loaded, messages: (unhandled ?? []).map(toMessage) };
}

function toMessage({ id, kind, actorRole, actorId, payload, receivedAt }: MessageJson): UnhandledMessage {
  const actor = { role: actorRole, id: actorId };
  return { id, event: kind, actor, payload, receivedAt: Date.parse(receivedAt) };
}

/**
 * Writes a commit's row, timeline, decisions on messages and the freed lease in one statement, its notifications in
 * another that goes out with it, as `commit` does unless money moved. Nothing is read again: what `working` holds was
 * read under the row's lock.
 */
export async function writeCommit(working: Working, record: AppointmentRecord, changed: boolean): Promise<void> {
  const { trx, notes, told, decided, freesLease, paidPaymentId } = working;
  await writeNotificationsOf(trx, record.id, told, AHEAD);
  if (!changed && notes.length === 0 && decided.length === 0 && !freesLease) return;
  await sql`${sql.raw(working.moneyMoved ? '' : LAST)}
    with noted as (
      insert into timeline_entry (appointment_id, schedule_version, kind, actor_role, actor_id, due, detail)
      ${timelineRows(record, notes)}
    ), handled as (
      update message m set handled_at = clock_timestamp(), next_attempt_at = null, decision = d.decision
      from jsonb_to_recordset(${JSON.stringify(decided)}::jsonb) as d(id uuid, decision jsonb)
      where m.id = d.id and m.id = any(${decided.map(({ id }) => id)}::uuid[])
    ), freed as (
      delete from therapist_lease
      where therapist_id = ${record.therapistId} and appointment_id = ${record.id} and ${freesLease}
    )
    update appointment set ${appointmentColumns(record, paidPaymentId)}
    where id = ${record.id} and ${changed}`.execute(trx);
}
