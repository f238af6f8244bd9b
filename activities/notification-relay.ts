import type { Logger } from 'pino';
import { viewsOf } from '../db/appointment-views.js';
import type { Db } from '../db/database.js';
import {
  claimNotifications,
  finishNotifications,
  type ClaimedNotification,
  type Sending,
} from '../db/notification-claims.js';
import type { View } from '../domain/advance.js';
import { deadlinesOf } from '../domain/deadlines.js';
import { templateAtClaim, type Template } from '../domain/notifications.js';
import { ProviderError, type MailProvider, type SmsProvider } from '../providers/types.js';
import { writeShortText, writeText } from './templates.js';

export interface NotificationRelayDependencies {
  db: Db;
  sms: SmsProvider;
  mail: MailProvider;
  /** The domain of our Message-IDs. */
  mailDomain: string;
  log: Logger;
}

/** Rows claimed at once: enough to keep the vendors busy, few enough to decide on fresh state. */
const BATCH = 100;
/** Gives up, visibly, after this many tries. */
const MOST_ATTEMPTS = 8;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/**
 * Sends one batch of due notifications: decides by the state of this moment what each is, hands it over, and writes
 * down how it ended. @returns how many rows were claimed
 */
export async function relayNotifications(deps: NotificationRelayDependencies): Promise<number> {
  const claimed = await claimNotifications(deps.db, BATCH);
  if (claimed.length === 0) return 0;
  const views = await viewsOf(
    deps.db,
    claimed.map(({ appointmentId }) => appointmentId),
  );
  const endings = await Promise.all(claimed.map((row) => send(deps, row, views.get(row.appointmentId)!)));
  await finishNotifications(deps.db, endings);
  return claimed.length;
}

async function send(deps: NotificationRelayDependencies, row: ClaimedNotification, view: View): Promise<Sending> {
  const template = templateAtClaim(row.kind, row.recipientRole, view);
  if (template === null) return { id: row.id, status: 'skipped', error: 'lost its meaning' };
  if (row.channel === 'sms' && row.phone === null)
    return { id: row.id, status: 'skipped', error: 'no telephone number' };
  try {
    const providerRef = await handOver(deps, row, template, view);
    return { id: row.id, status: 'sent', template, providerRef };
  } catch (error) {
    return failed(deps, row, template, error);
  }
}

async function handOver(
  { sms, mail, mailDomain }: NotificationRelayDependencies,
  row: ClaimedNotification,
  template: Template,
  view: View,
): Promise<string | null> {
  const { record } = view;
  const { payBy } = deadlinesOf(record);
  switch (row.channel) {
    case 'in_app':
      return null;
    case 'sms': {
      const body = writeShortText(template, record, payBy, row);
      const { ref } = await sms.sendSms({ to: row.phone!, body, reference: row.id, lookForEarlierSince: row.triedAt });
      return ref;
    }
    case 'email': {
      const { subject, body } = writeText(template, record, payBy, row);
      const { ref } = await mail.sendMail({
        to: row.email,
        subject,
        text: body,
        kind: template,
        messageId: `<${row.id}@${mailDomain}>`,
      });
      return ref;
    }
  }
}

function failed(
  { log }: NotificationRelayDependencies,
  row: ClaimedNotification,
  template: Template,
  error: unknown,
): Sending {
  const said = error instanceof Error ? error.message : String(error);
  const final = (error instanceof ProviderError && !error.retryable) || row.attempts >= MOST_ATTEMPTS;
  log.warn(
    { notificationId: row.id, channel: row.channel, attempts: row.attempts, final, error: said },
    'a notification was not taken',
  );
  if (final) return { id: row.id, status: 'failed', template, error: said };
  const retryInMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** row.attempts);
  return { id: row.id, status: 'pending', template, error: said, retryInMs };
}
