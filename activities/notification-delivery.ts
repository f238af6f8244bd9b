import type { Logger } from 'pino';
import { viewsOf, type StoredView } from '../db/appointment-views.js';
import type { Db } from '../db/database.js';
import { decryptField } from '../db/field-encryption.js';
import { handOverRepeat, reopenUnwantedMail, type BegunNotification, type Sending } from '../db/notification-claims.js';
import { distrustPhone, optOut } from '../db/phones.js';
import { deadlinesOf } from '../domain/deadlines.js';
import { channelVerdict, groupOf, isEssential } from '../domain/notification-preferences.js';
import { templateAtClaim, type Template } from '../domain/notifications.js';
import { ProviderError, type MailProvider, type SmsProvider } from '../providers/types.js';
import { writeMail, smsMark, writeSms, type Site } from '../texts/messages.js';
import { invitationFor } from './invitations.js';
import { retryPauseMs } from './retry-pause.js';

export interface DeliveryDependencies {
  db: Db;
  sms: SmsProvider;
  mail: MailProvider;
  /** The domain of our Message-IDs. */
  mailDomain: string;
  site: Site;
  log: Logger;
}

/** Gives up, visibly, after this many tries. */
const MOST_ATTEMPTS = 8;
/** A mail server can't be asked what it took: one repeat under the same Message-ID, then the attention list. */
const MOST_UNANSWERED_MAILS = 2;

/** The appointments of rows, as of this moment. */
export type Views = ReadonlyMap<string, StoredView>;

/**
 * Decides by the state of this moment what each row is, and hands it over. A row that can't be written, or whose
 * appointment can't be read, fails alone. @returns how each ended
 */
export function deliver(
  deps: DeliveryDependencies,
  rows: readonly BegunNotification[],
  views: Views,
): Promise<Sending[]> {
  return Promise.all(rows.map((row) => deliverOne(deps, row, views.get(row.appointmentId))));
}

/**
 * Reads what rows are decided by, before they are begun: from then on nobody could say of a mail whether it was sent.
 * One appointment that can't be read must not hold up the others of its chunk: then each is read on its own.
 */
export async function readViews(
  { db, log }: DeliveryDependencies,
  rows: readonly { appointmentId: string }[],
): Promise<Views> {
  const ids = [...new Set(rows.map(({ appointmentId }) => appointmentId))];
  try {
    return await viewsOf(db, ids);
  } catch (error) {
    log.error({ error: String(error) }, 'an appointment of a chunk can’t be read; each is read on its own');
  }
  const views = new Map<string, StoredView>();
  for (const id of ids) {
    const found = await viewsOf(db, [id]).catch(() => new Map<string, StoredView>());
    for (const [appointmentId, view] of found) views.set(appointmentId, view);
  }
  return views;
}

async function deliverOne(
  deps: DeliveryDependencies,
  row: BegunNotification,
  view: StoredView | undefined,
): Promise<Sending> {
  let template: Template | null = null;
  try {
    if (view === undefined) throw new Error('its appointment can’t be read');
    const stale = row.scheduleVersion !== view.record.scheduleVersion && (row.kind === 't15' || row.kind === 't5');
    template = stale ? null : templateAtClaim(row.kind, row.recipientRole, view);
    if (template === null) return { id: row.id, status: 'skipped', error: 'lost its meaning' };
    if (row.channel === 'email' && row.email === null) return { id: row.id, status: 'skipped', error: 'no address' };
    const heldBack = await heldBackBy(deps, row, template, view);
    if (heldBack !== null) return heldBack;
    if (row.channel === 'email' && row.unanswered >= MOST_UNANSWERED_MAILS)
      return { id: row.id, status: 'failed', template, error: 'the mail server took it twice and never answered' };
    return { id: row.id, status: 'sent', template, providerRef: await handOver(deps, row, template, view) };
  } catch (error) {
    if (row.channel === 'sms' && error instanceof ProviderError && UNREACHABLE.has(error.code))
      return unreachable(deps, row, error.code);
    return failed(deps, row, template, error);
  }
}

/** What the recipient has chosen, as of this moment: not by this channel, or not before their quiet hours end. */
async function heldBackBy(
  deps: DeliveryDependencies,
  row: BegunNotification,
  template: Template,
  { record }: StoredView,
): Promise<Sending | null> {
  const { remindAt, endsAt } = deadlinesOf(record);
  const { id, kind, channel, begunAt } = row;
  const recipient = { ...row, role: row.recipientRole, hasPhone: row.phone !== null };
  const verdict = channelVerdict({ kind, channel, remindAt, endsAt }, recipient, begunAt.getTime());
  if (verdict.do === 'send') return null;
  if (verdict.do === 'skip')
    return channel === 'sms' ? leaveToMail(deps, row, verdict.why) : { id, status: 'skipped', error: verdict.why };
  const retryInMs = Math.max(1, verdict.until - begunAt.getTime());
  return { id, status: 'pending', template, error: 'quiet hours', retryInMs, unanswered: false };
}

const OPTED_OUT = '21610';
/** Twilio's words for a number that no SMS reaches: opted out, no number, no mobile. */
const UNREACHABLE: ReadonlySet<string> = new Set([OPTED_OUT, '21211', '21614']);

/** Nothing more is sent there. A database that is away fails the chunk, which is begun again. */
async function unreachable(deps: DeliveryDependencies, row: BegunNotification, code: string): Promise<Sending> {
  const { db, log } = deps;
  log.warn({ notificationId: row.id, code }, 'a number takes no SMS');
  const phone = decryptField(db, 'person.phone', row.recipientId, row.phone!);
  await (code === OPTED_OUT ? optOut(db, phone) : distrustPhone(db, phone));
  return leaveToMail(deps, row, code === OPTED_OUT ? 'opted out of SMS' : 'the number takes no SMS');
}

const ASK_AGAIN_MS = 1_000;

/** An SMS that isn't sent. Where it was to be the only word of what must be known, the mail that was switched off goes out. */
async function leaveToMail({ db }: DeliveryDependencies, row: BegunNotification, error: string): Promise<Sending> {
  const { id, kind, preferences } = row;
  const isOnly = isEssential(kind) && preferences.channels?.[groupOf(kind)]?.email === false;
  if (isOnly && (await reopenUnwantedMail(db, id)))
    return { id, status: 'pending', template: null, error, retryInMs: ASK_AGAIN_MS, unanswered: false };
  return { id, status: 'skipped', error };
}

async function handOver(
  { db, sms, mail, mailDomain, site }: DeliveryDependencies,
  row: BegunNotification,
  template: Template,
  view: StoredView,
): Promise<string | null> {
  const { record } = view;
  const { id, startsAt, endsAt } = record;
  const told = { id, startsAt, endsAt, payBy: deadlinesOf(record).payBy };
  switch (row.channel) {
    case 'in_app':
      return null;
    case 'sms': {
      const body = writeSms(site, template, told, row, row.id);
      const to = decryptField(db, 'person.phone', row.recipientId, row.phone!);
      // Since its first try, which may lie before the latest: none went out before its time.
      const lookForEarlierSince = row.triedAt === null ? null : row.notBefore;
      const { ref } = await sms.sendSms({ to, body, mark: smsMark(row.id), lookForEarlierSince });
      return ref;
    }
    case 'email': {
      const name = decryptField(db, 'person.name', row.recipientId, row.name);
      const email = decryptField(db, 'person.email', row.recipientId, row.email!);
      const { ref } = await mail.sendMail({
        to: email,
        ...writeMail(site, template, told, { ...row, name }),
        calendar: invitationFor(site, template, view, { ...row, email }, mail.sender),
        kind: template,
        messageId: `<${row.id}@${mailDomain}>`,
        ...(row.unanswered > 0 && { handingOver: () => handOverRepeat(db, row) }),
      });
      return ref;
    }
  }
}

function failed(
  { log }: DeliveryDependencies,
  row: BegunNotification,
  template: Template | null,
  error: unknown,
): Sending {
  const said = error instanceof Error ? error.message : String(error);
  const final = (error instanceof ProviderError && !error.retryable) || row.attempts >= MOST_ATTEMPTS;
  log.warn(
    { notificationId: row.id, channel: row.channel, attempts: row.attempts, final, error: said },
    'a notification was not taken',
  );
  if (final) return { id: row.id, status: 'failed', template, error: said };
  const unanswered = error instanceof ProviderError && error.unanswered;
  const retryInMs = retryPauseMs(row.attempts);
  return { id: row.id, status: 'pending', template, error: said, retryInMs, unanswered };
}
