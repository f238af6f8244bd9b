import type { SeedPerson } from '../db/seed-people.js';
import type { ApiClient } from './api-client.js';
import type { NotificationView, Page } from './api-types.js';
import type { Outside } from './outside.js';

/** A notification as its recipient got it. */
export interface Notice {
  channel: 'email' | 'sms' | 'in_app';
  /** The template; null where the channel doesn't say. */
  kind: string | null;
  /** Two with the same text are one sent twice. */
  text: string;
}

const MOST_NOTICES = 100;

/** In-app notifications about one appointment. */
export async function noticesOf(person: ApiClient, appointmentId: string): Promise<Notice[]> {
  const { items } = await person.get<Page<NotificationView>>('/v1/notifications', { limit: MOST_NOTICES });
  return items
    .filter((item) => item.appointmentId === appointmentId)
    .map(({ kind, template }) => ({ channel: 'in_app', kind: template ?? kind, text: template ?? kind }));
}

/** Mails about one appointment. */
export async function mailsOf(outside: Outside, { email }: SeedPerson, appointmentId: string): Promise<Notice[]> {
  const mails = await outside.mails();
  return mails
    .filter(({ to, text }) => to.includes(email) && text.includes(appointmentId))
    .map(({ headers, subject }) => ({ channel: 'email', kind: headers?.['x-punctual-kind'] ?? null, text: subject }));
}

/** An SMS names its appointment by its link. */
async function smsOf(outside: Outside, { phone }: SeedPerson, appointmentId: string): Promise<Notice[]> {
  const messages = await outside.sms();
  return messages
    .filter(({ to, body }) => to === phone && body.includes(appointmentId))
    .map(({ body }) => ({ channel: 'sms', kind: null, text: body }));
}

/** Everything a person was told of one appointment, over all channels. */
export async function allNotices(
  outside: Outside,
  person: SeedPerson,
  api: ApiClient,
  appointmentId: string,
): Promise<Notice[]> {
  const found = await Promise.all([
    noticesOf(api, appointmentId),
    mailsOf(outside, person, appointmentId),
    smsOf(outside, person, appointmentId),
  ]);
  return found.flat();
}
