import { sql } from 'kysely';
import type { NotificationKind } from '../domain/events.js';
import type { Template } from '../domain/notifications.js';
import type { Role } from '../domain/types.js';
import type { Db } from './database.js';

/** A row that this relay has claimed for sending, with its recipient. */
export interface ClaimedNotification {
  id: string;
  appointmentId: string;
  kind: NotificationKind;
  recipientRole: Role;
  recipientId: string;
  channel: 'email' | 'sms' | 'in_app';
  attempts: number;
  /** When an earlier try began whose answer never came: the vendor is asked first. */
  triedAt: Date | null;
  name: string;
  email: string;
  phone: string | null;
  locale: string;
  timeZone: string;
}

/** A claim whose relay died is taken up again after this long. */
const CLAIM_LEASE_MS = 60_000;

/** Claims due rows in one statement, skipping what other relays hold. None is claimed before its `not_before`. */
export async function claimNotifications(db: Db, limit: number): Promise<ClaimedNotification[]> {
  const { rows } = await sql<ClaimedNotification>`
    with due as (
      select id, claimed_at from notification
      where status in ('pending', 'sending') and next_attempt_at <= clock_timestamp()
      order by next_attempt_at limit ${limit} for update skip locked
    ), claimed as (
      update notification n set status = 'sending', attempts = n.attempts + 1, claimed_at = clock_timestamp(),
        next_attempt_at = clock_timestamp() + ${CLAIM_LEASE_MS} * interval '1 millisecond'
      from due where n.id = due.id
      returning n.id, n.appointment_id, n.kind, n.recipient_role, n.recipient_id, n.channel, n.attempts, due.claimed_at as tried_at
    )
    select claimed.*, p.name, p.email, p.phone, p.locale, p.time_zone
    from claimed join person p on p.id = claimed.recipient_id`.execute(db);
  return rows;
}

/** How one claimed row ended. */
export type Sending =
  | { id: string; status: 'sent'; template: Template; providerRef: string | null }
  | { id: string; status: 'skipped'; error: string }
  | { id: string; status: 'failed'; template: Template; error: string }
  | { id: string; status: 'pending'; template: Template; error: string; retryInMs: number };

/** Writes down how claimed rows ended, in one statement for the batch. */
export async function finishNotifications(db: Db, endings: readonly Sending[]): Promise<void> {
  if (endings.length === 0) return;
  const rows = endings.map((ending) => ({
    id: ending.id,
    status: ending.status,
    template: 'template' in ending ? ending.template : null,
    provider_ref: ending.status === 'sent' ? ending.providerRef : null,
    error: 'error' in ending ? ending.error.slice(0, 500) : null,
    retry_ms: ending.status === 'pending' ? ending.retryInMs : null,
  }));
  await sql`
    update notification n set status = e.status, template = e.template, provider_ref = e.provider_ref, error = e.error,
      sent_at = case when e.status = 'sent' then clock_timestamp() end,
      next_attempt_at = case when e.retry_ms is null then n.next_attempt_at
        else clock_timestamp() + e.retry_ms * interval '1 millisecond' end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as e(id uuid, status text, template text, provider_ref text, error text, retry_ms int)
    where n.id = e.id and n.status = 'sending'`.execute(db);
}
