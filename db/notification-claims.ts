import { sql } from 'kysely';
import type { NotificationKind } from '../domain/events.js';
import type { NotificationPreferences } from '../domain/notification-preferences.js';
import type { Channel, Template } from '../domain/notifications.js';
import { KEPT_CHARACTERS, storableText } from '../domain/storable-text.js';
import type { Role } from '../domain/types.js';
import type { Db } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { livingRelays, locksAreTelling } from './relay-session.js';

/** A due row that a relay has claimed; what it becomes is decided when its handing over begins. */
export interface ClaimedNotification {
  id: string;
  appointmentId: string;
  kind: NotificationKind;
  channel: Channel;
  recipientRole: Role;
}

/** What rows wait in, those first that somebody waits for. */
export const LINES = ['email', 'sms', 'in_app', 'unhurried_email'] as const;
export type Line = (typeof LINES)[number];

/** What admins are told has no session to come to; what is told of a session that is over, nobody has to act upon. */
export function lineOf({ kind, channel, recipientRole }: Omit<ClaimedNotification, 'id' | 'appointmentId'>): Line {
  const isUnhurried = recipientRole === 'admin' || kind === 'completed' || kind === 'no_show';
  return channel === 'email' && isUnhurried ? 'unhurried_email' : channel;
}

/** The same in SQL, as the index `notification_due` has it. */
const lineOfRow = sql`(
  case when channel = 'email' and (recipient_role = 'admin' or kind in ('completed', 'no_show')) then 'unhurried_email'
    else channel end)`;

/**
 * Claims due rows for a relay in one statement, of each line `limit` at most, the most overdue first, skipping what other
 * relays hold; those of one appointment come together, so that it is read once for them. None is claimed before its
 * `not_before`. (By the statement's time, which an index can be asked by, as it can't be by a clock that goes on. Rows are
 * written where they were found, by `ctid`: to look each up once more by its id took longer.)
 */
export async function claimNotifications(
  db: Db,
  relayId: number,
  lines: readonly Line[],
  limit: number,
): Promise<ClaimedNotification[]> {
  const { rows } = await sql<ClaimedNotification>`
    update notification n set status = 'sending', claimed_by = ${relayId}, claimed_at = clock_timestamp()
    where n.ctid = any(array(
      select due.ctid from unnest(${[...lines]}::text[]) l(line), lateral (
        select ctid from notification
        where status = 'pending' and ${lineOfRow} = l.line and next_attempt_at <= statement_timestamp()
        order by next_attempt_at, appointment_id limit ${limit} for update skip locked) due))
    returning n.id, n.appointment_id, n.kind, n.channel, n.recipient_role`.execute(db);
  return rows.toSorted((a, b) => (a.appointmentId < b.appointmentId ? -1 : 1));
}

/** A row whose handing over begins now, with its recipient. */
export interface BegunNotification {
  id: string;
  appointmentId: string;
  scheduleVersion: number;
  kind: NotificationKind;
  recipientRole: Role;
  recipientId: string;
  channel: Channel;
  attempts: number;
  /** How many earlier tries were given to the vendor and never answered. */
  unanswered: number;
  /** The relay that has it. */
  claimedBy: number;
  notBefore: Date;
  /** When an earlier try began whose answer never came: the vendor is asked first. */
  triedAt: Date | null;
  /** When this try began, by PostgreSQL's clock. */
  begunAt: Date;
  name: Encrypted;
  /** Null: erased. */
  email: Encrypted | null;
  phone: Encrypted | null;
  phoneVerifiedAt: Date | null;
  smsOptedOutAt: Date | null;
  preferences: NotificationPreferences;
  locale: string;
  timeZone: string;
}

/**
 * Begins the handing over of claimed rows, which count as tried from now on, but for mails that are repeated
 * (`handOverRepeat`). Those that are no longer this relay's (voided, taken over) are left out. They are
 * found by their ids: `coalesce` hides the partial index by which PostgreSQL would go through all that is claimed.
 */
export async function beginNotifications(
  db: Db,
  relayId: number,
  ids: readonly string[],
): Promise<BegunNotification[]> {
  const { rows } = await sql<BegunNotification>`
    update notification n set attempts = n.attempts + 1,
      tried_at = case when n.channel = 'email' and n.unanswered > 0 then n.tried_at else clock_timestamp() end
    from person p
    where n.id = any(${[...ids]}::uuid[]) and coalesce(n.status, '') = 'sending' and n.claimed_by = ${relayId}
      and p.id = n.recipient_id
    returning n.id, n.appointment_id, n.schedule_version, n.kind, n.recipient_role, n.recipient_id, n.channel, n.attempts,
      n.unanswered, n.claimed_by, n.not_before, old.tried_at, clock_timestamp() as begun_at, p.name, p.email, p.phone, p.locale, p.time_zone,
      p.phone_verified_at, p.sms_opted_out_at, p.notification_preferences as preferences`.execute(db);
  return rows;
}

/**
 * Writes down that a repeated mail is handed over, as the last thing before the server gets any of it: it has no third
 * try, so one that its relay dies with on the way there must not count. @throws Error when it is no longer this relay's
 */
export async function handOverRepeat(db: Db, { id, claimedBy }: BegunNotification): Promise<void> {
  const { numAffectedRows } = await sql`
    update notification set tried_at = clock_timestamp()
    where id = ${id} and status = 'sending' and claimed_by = ${claimedBy}`.execute(db);
  if (numAffectedRows !== 1n) throw new Error('the notification is no longer this relay’s');
}

/** How long what a dead relay was just handing over is left alone: its request may still be on its way to the vendor. */
const IN_FLIGHT_MS = 2_000;

/**
 * Sets free what dead relays held (those whose advisory lock is gone): at once what was only claimed, a moment later
 * what was being handed over. Asked twice a second, also while thousands of rows are claimed: who lives is looked up once
 * for all of them. @returns how many rows
 */
export async function freeNotificationsOfDeadRelays(db: Db): Promise<number> {
  const { numAffectedRows } = await sql`
    with claimer as materialized (
      select distinct claimed_by as id from notification where status = 'sending'
    ), living as materialized (
      ${livingRelays}
    ), dead as materialized (
      select id from claimer where id is not null and id not in (select id from living)
    )
    update notification set status = 'pending', claimed_by = null, next_attempt_at = clock_timestamp(),
      unanswered = unanswered + case when tried_at >= claimed_at then 1 else 0 end
    where exists (select from dead) and id in (
      select n.id from notification n
      where n.status = 'sending' and n.claimed_by in (select id from dead)
        and (n.tried_at is null or n.tried_at < n.claimed_at
          or n.tried_at < clock_timestamp() - ${IN_FLIGHT_MS} * interval '1 millisecond')
        and ${locksAreTelling}
      for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** How one handing over ended. */
export type Sending =
  | { id: string; status: 'sent'; template: Template; providerRef: string | null }
  | { id: string; status: 'skipped'; error: string }
  | { id: string; status: 'failed'; template: Template | null; error: string }
  | { id: string; status: 'pending'; template: Template | null; error: string; retryInMs: number; unanswered: boolean };

/**
 * Writes down how a relay's rows ended, in one statement for the batch. What the vendor took is `sent` whoever holds the
 * row by now; anything else counts only while it is this relay's. Rows are named by their ids once more, since of JSON
 * PostgreSQL expects a hundred rows, and for these reads a table whole that is small as the statement is prepared.
 */
export async function finishNotifications(db: Db, relayId: number, endings: readonly Sending[]): Promise<void> {
  if (endings.length === 0) return;
  const rows = endings.map((ending) => ({
    id: ending.id,
    status: ending.status,
    template: 'template' in ending ? ending.template : null,
    provider_ref: ending.status === 'sent' ? ending.providerRef : null,
    error: 'error' in ending ? storableText(ending.error, KEPT_CHARACTERS) : null,
    retry_ms: ending.status === 'pending' ? ending.retryInMs : null,
    unanswered: ending.status === 'pending' && ending.unanswered ? 1 : 0,
  }));
  await sql`
    update notification n set status = e.status, template = e.template, provider_ref = e.provider_ref, error = e.error,
      sent_at = case when e.status = 'sent' then clock_timestamp() end, claimed_by = null,
      unanswered = n.unanswered + e.unanswered,
      next_attempt_at = case when e.retry_ms is null then n.next_attempt_at
        else clock_timestamp() + e.retry_ms * interval '1 millisecond' end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as e(id uuid, status text, template text, provider_ref text, error text, retry_ms int, unanswered int)
    where n.id = e.id and n.id = any(${rows.map(({ id }) => id)}::uuid[])
      and (n.status = 'sending' and n.claimed_by = ${relayId} or e.status = 'sent' and n.status in ('sending', 'pending'))`.execute(
    db,
  );
}

/**
 * An SMS can't arrive, and its recipient wanted no mail of what must be known: the mail beside it goes out after all.
 * @returns true while that mail is being decided upon by somebody, who may not know yet: ask again
 */
export async function reopenUnwantedMail(db: Db, smsId: string): Promise<boolean> {
  const { rows } = await sql<{ status: string }>`
    with mail as (
      select m.id, m.status, m.error from notification s
      join notification m on m.appointment_id = s.appointment_id and m.schedule_version = s.schedule_version
        and m.kind = s.kind and m.recipient_id = s.recipient_id and m.occasion = s.occasion and m.channel = 'email'
      where s.id = ${smsId} for update of m
    ), reopened as (
      update notification n set status = 'pending', next_attempt_at = clock_timestamp(), error = null, claimed_by = null
      from mail where n.id = mail.id and mail.status = 'skipped' and mail.error = 'not wanted'
    )
    select status from mail`.execute(db);
  return rows[0]?.status === 'sending';
}
