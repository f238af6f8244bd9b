import { z } from '@hono/zod-openapi';
import type { NoticeSettings } from '../db/notification-preferences.js';
import { KIND_GROUPS, shownPreferences } from '../domain/notification-preferences.js';
import { instant } from './schemas.js';

/** What somebody is told and how, as `GET` and `PATCH /v1/me` show and take it. */

const clock = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of the day as HH:MM')
  .openapi({ example: '22:00' });
const quietHours = z
  .strictObject({ from: clock, to: clock })
  .refine(({ from, to }) => from !== to, 'must not begin and end at the same time')
  .nullable()
  .openapi({ description: 'Local times of your own zone; over midnight where `to` is earlier. Null: none.' });

const groups = <T extends z.ZodType>(item: T) =>
  z.strictObject(
    Object.fromEntries(KIND_GROUPS.map((group) => [group, item])) as Record<(typeof KIND_GROUPS)[number], T>,
  );
const both = z.strictObject({ email: z.boolean(), sms: z.boolean() });

export const preferencesSchema = z.object({ channels: groups(both), quietHours }).openapi('NotificationPreferences', {
  description:
    'By kind and channel. Of reminders, changes, money and alerts one channel always remains; in the app stands everything.',
});

export const preferencesInput = z
  .strictObject({ channels: groups(both.partial()).partial(), quietHours })
  .partial()
  .openapi('NotificationPreferencesChange', { description: 'What is left out stays.' });

export const phoneSchema = z
  .object({
    number: z.string(),
    verifiedAt: instant.nullable().openapi({ description: 'Without it no SMS is sent.' }),
    optedOut: z.boolean().openapi({ description: 'By STOP; START undoes it.' }),
  })
  .nullable()
  .openapi('Telephone');

export const noticeSettings = { phone: phoneSchema, notificationPreferences: preferencesSchema };

export function presentNoticeSettings({ preferences, phone, phoneVerifiedAt, smsOptedOutAt }: NoticeSettings) {
  return {
    phone:
      phone === null
        ? null
        : {
            number: phone,
            verifiedAt: phoneVerifiedAt?.toISOString() ?? null,
            optedOut: smsOptedOutAt !== null,
          },
    notificationPreferences: shownPreferences(preferences),
  };
}
