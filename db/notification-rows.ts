import { sql } from 'kysely';
import type { NotificationKind } from '../domain/events.js';
import { channelsOf, LOSES_MEANING } from '../domain/notifications.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { Role } from '../domain/types.js';
import type { Db } from './database.js';

export type Audience = 'client' | 'therapist' | 'admins';

async function recipientsOf(
  db: Db,
  record: AppointmentRecord,
  audience: Audience,
): Promise<{ id: string; role: Role }[]> {
  if (audience === 'client') return [{ id: record.clientId, role: 'client' }];
  if (audience === 'therapist') return [{ id: record.therapistId, role: 'therapist' }];
  return db.selectFrom('person').where('role', '=', 'admin').select(['id', 'role']).execute();
}

/**
 * Writes the rows of one notification, one per recipient and channel, taking effect at `notBefore` (epoch ms). A row
 * that exists already (unique on appointment, schedule version, kind, recipient and channel) stays as it is, so nobody
 * hears the same twice; one that came to nothing, as an approval taken back before it was sent, waits anew.
 */
export async function writeNotifications(
  db: Db,
  record: AppointmentRecord,
  notification: { kind: NotificationKind; to: readonly Audience[]; notBefore: number },
): Promise<void> {
  const { kind, to } = notification;
  const notBefore = new Date(notification.notBefore);
  const recipients = (await Promise.all(to.map((audience) => recipientsOf(db, record, audience)))).flat();
  const rows = recipients.flatMap(({ id, role }) =>
    channelsOf(kind, role).map((channel) => ({
      appointmentId: record.id,
      scheduleVersion: record.scheduleVersion,
      kind,
      recipientId: id,
      recipientRole: role,
      channel,
      notBefore,
      nextAttemptAt: notBefore,
    })),
  );
  if (rows.length === 0) return;
  await db
    .insertInto('notification')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['appointmentId', 'scheduleVersion', 'kind', 'recipientId', 'channel'])
        .doUpdateSet({
          status: 'pending',
          notBefore,
          nextAttemptAt: notBefore,
          error: null,
          claimedBy: null,
          triedAt: null,
        })
        .where('notification.status', 'in', ['skipped', 'voided']),
    )
    .execute();
}

/** Voids what has lost its meaning and was not begun to be sent (it may be claimed), in the transaction that took it. */
export async function voidUnsent(db: Db, appointmentId: string): Promise<void> {
  await db
    .updateTable('notification')
    .set({ status: 'voided', error: sql`'lost its meaning'` })
    .where('appointmentId', '=', appointmentId)
    .where('status', 'in', ['pending', 'sending'])
    .where((eb) =>
      eb.or([eb('status', '=', 'pending'), eb('triedAt', 'is', null), eb('triedAt', '<', eb.ref('claimedAt'))]),
    )
    .where('kind', 'in', [...LOSES_MEANING])
    .execute();
}
