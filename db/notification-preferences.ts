import type { NotificationPreferences } from '../domain/notification-preferences.js';
import { mergePreferences } from '../domain/notification-preferences.js';
import type { Db } from './database.js';
import { decryptField } from './field-encryption.js';

/** How somebody can be told things, and wants to be. */
export interface NoticeSettings {
  preferences: NotificationPreferences;
  phone: string | null;
  phoneVerifiedAt: Date | null;
  smsOptedOutAt: Date | null;
}

const SHOWN = ['notificationPreferences as preferences', 'phone', 'phoneVerifiedAt', 'smsOptedOutAt'] as const;

/** A person's settings; null when there is none of this id. */
export async function readNoticeSettings(db: Db, personId: string): Promise<NoticeSettings | null> {
  const row = await db.selectFrom('person').where('id', '=', personId).select(SHOWN).executeTakeFirst();
  if (row === undefined) return null;
  return { ...row, phone: row.phone && decryptField(db, 'person.phone', personId, row.phone) };
}

/** Changes what is given and leaves the rest as it is. */
export async function changePreferences(db: Db, personId: string, change: NotificationPreferences): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('person')
      .where('id', '=', personId)
      .select('notificationPreferences')
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) return;
    const after = mergePreferences(before.notificationPreferences, change);
    await trx
      .updateTable('person')
      .set({ notificationPreferences: JSON.stringify(after) })
      .where('id', '=', personId)
      .execute();
  });
}
