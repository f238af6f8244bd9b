import { sql } from 'kysely';
import type { NotificationKind } from '../domain/events.js';
import { channelsOf, LOSES_MEANING, RECURS } from '../domain/notifications.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { Role } from '../domain/types.js';
import type { Db } from './database.js';
import type { AHEAD } from './patience.js';

export type Audience = 'client' | 'therapist' | 'admins';

/** One notification: rows for each recipient and channel, which take effect at `notBefore` (epoch ms). */
export interface Notification {
  kind: NotificationKind;
  to: readonly Audience[];
  notBefore: number;
}

interface Row {
  schedule_version: number;
  kind: NotificationKind;
  role: Role;
  /** Null stands for every admin: who they are is read where the row is written. */
  recipient_id: string | null;
  channel: string;
  not_before: string;
}

type Told = Pick<AppointmentRecord, 'id' | 'scheduleVersion' | 'clientId' | 'therapistId'>;

function rowsOf(record: Told, { kind, to, notBefore }: Notification): Row[] {
  return to.flatMap((audience) => {
    const role = audience === 'admins' ? 'admin' : audience;
    const recipient = { client: record.clientId, therapist: record.therapistId, admins: null }[audience];
    return channelsOf(kind, role).map((channel) => ({
      schedule_version: record.scheduleVersion,
      kind,
      role,
      recipient_id: recipient,
      channel,
      not_before: new Date(notBefore).toISOString(),
    }));
  });
}

/**
 * Writes the rows of notifications of one appointment, in one statement. A row that exists already (unique on
 * appointment, schedule version, kind, recipient and channel) stays as it is, so nobody hears the same twice; one that
 * came to nothing waits anew. What recurs gets a row of its own each time, unless one still waits: that says it then. The
 * caller holds the appointment's row, by which occasions are counted. `ahead`: AHEAD, to go out with the next statement.
 */
export async function writeNotificationsOf(
  db: Db,
  appointmentId: string,
  told: readonly { record: Told; notification: Notification }[],
  ahead: typeof AHEAD | '' = '',
): Promise<void> {
  const all = told.flatMap(({ record, notification }) => rowsOf(record, notification));
  const key = (row: Row): string => [row.schedule_version, row.kind, row.recipient_id, row.channel].join();
  const rows = [...new Map(all.toReversed().map((row) => [key(row), row])).values()].toReversed();
  if (rows.length === 0) return;
  await sql`${sql.raw(ahead)}
    insert into notification
      (appointment_id, schedule_version, kind, recipient_id, recipient_role, channel, not_before, next_attempt_at, occasion)
    select ${appointmentId}, r.schedule_version, r.kind, p.id, r.role, r.channel, r.not_before, r.not_before,
      coalesce(former.last + 1, 0)
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
        schedule_version int, kind text, role text, recipient_id uuid, channel text, not_before timestamptz),
      lateral (
        select r.recipient_id as id where r.recipient_id is not null
        union all
        select person.id from person where r.recipient_id is null and person.role = 'admin' and person.kind = 'human') p,
      lateral (
        select max(n.occasion) as last, coalesce(bool_or(n.status = 'pending'), false) as waits from notification n
        where n.appointment_id = ${appointmentId} and n.schedule_version = r.schedule_version and n.kind = r.kind
          and n.recipient_id = p.id and n.channel = r.channel and r.kind = any(${[...RECURS]}::text[])) former
    where not former.waits
    on conflict (appointment_id, schedule_version, kind, recipient_id, channel, occasion) do update
      set status = 'pending', not_before = excluded.not_before, next_attempt_at = excluded.next_attempt_at,
        error = null, claimed_by = null, tried_at = null
      where notification.status in ('skipped', 'voided')`.execute(db);
}

/** Writes the rows of one notification. */
export function writeNotifications(db: Db, record: Told, notification: Notification): Promise<void> {
  return writeNotificationsOf(db, record.id, [{ record, notification }]);
}

/** Voids what has lost its meaning and was not begun to be sent (it may be claimed), in the transaction that took it. `ahead`: as above. */
export async function voidUnsent(db: Db, appointmentId: string, ahead: typeof AHEAD | '' = ''): Promise<void> {
  await sql`${sql.raw(ahead)}
    update notification set status = 'voided', error = 'lost its meaning'
    where appointment_id = ${appointmentId} and kind = any(${[...LOSES_MEANING]}::text[])
      and status in ('pending', 'sending')
      and (status = 'pending' or tried_at is null or tried_at < claimed_at)`.execute(db);
}
