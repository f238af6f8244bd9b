import { sql } from 'kysely';
import { advance } from '../domain/advance.js';
import { templateAtClaim } from '../domain/notifications.js';
import { loadAppointment, lockRow } from './appointment-record.js';
import { writeAudit } from './audit.js';
import type { Db } from './database.js';
import { writeTimeline } from './timeline.js';

const COLUMNS = [
  'id',
  'kind',
  'template',
  'recipientRole',
  'recipientId',
  'channel',
  'status',
  'error',
  'attempts',
  'occasion',
  'notBefore',
  'sentAt',
  'createdAt',
] as const;

/** What was and will be told of an appointment, oldest first: to whom by id, never an address or a text. */
export function notificationsOf(db: Db, appointmentId: string) {
  return db
    .selectFrom('notification')
    .where('appointmentId', '=', appointmentId)
    .select(COLUMNS)
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
}

export type NotificationRow = Awaited<ReturnType<typeof notificationsOf>>[number];

export interface Resend {
  /** Of the new row: a repeat of the request meets it. */
  id: string;
  appointmentId: string;
  notificationId: string;
  adminId: string;
  requestId: string;
}

/**
 * Sends a mail or an SMS anew, as a row of its own beside the one that was. Null where that one isn't the appointment's, is
 * still on its way, or would say nothing any more. Who did it stands in the timeline and the audit log.
 */
export async function resendNotification(db: Db, resend: Resend): Promise<NotificationRow | null> {
  const { id, appointmentId, notificationId, adminId, requestId } = resend;
  return db.transaction().execute(async (trx) => {
    await lockRow(trx, appointmentId); // counts occasions one after the other
    const read = (one: string) =>
      trx
        .selectFrom('notification')
        .where('id', '=', one)
        .where('appointmentId', '=', appointmentId)
        .select(COLUMNS)
        .executeTakeFirst();
    const made = await read(id);
    if (made !== undefined) return made;
    const [old, loaded] = [await read(notificationId), await loadAppointment(trx, appointmentId)];
    if (old === undefined || loaded === null || old.channel === 'in_app') return null;
    if (old.status === 'pending' || old.status === 'sending') return null;
    const { record } = loaded;
    if (templateAtClaim(old.kind, old.recipientRole, advance(record, loaded.now)) === null) return null;
    await sql`
      insert into notification (id, appointment_id, schedule_version, kind, recipient_id, recipient_role, channel,
        not_before, next_attempt_at, occasion)
      select ${id}, appointment_id, ${record.scheduleVersion}, kind, recipient_id, recipient_role, channel,
        clock_timestamp(), clock_timestamp(), (
          select max(o.occasion) + 1 from notification o
          where o.appointment_id = n.appointment_id and o.kind = n.kind and o.recipient_id = n.recipient_id
            and o.channel = n.channel)
      from notification n where n.id = ${notificationId}`.execute(trx);
    const actor = { role: 'admin' as const, id: adminId };
    const detail = { notificationId: id, notification: old.kind, channel: old.channel, to: old.recipientRole };
    await writeTimeline(trx, record, [{ kind: 'notification_resent', actor, due: null, detail }]);
    const object = { type: 'notification', id };
    await writeAudit(trx, [{ actor, action: 'resend', object, subjectId: old.recipientId, requestId }]);
    return (await read(id))!;
  });
}
