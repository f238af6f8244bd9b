import { sql, type RawBuilder } from 'kysely';
import { DISPUTE_QUERIES, MONEY_QUERIES } from './attention-money.js';
import type { Db } from './database.js';
import type { JsonObject } from './json.js';
import { lateDeadlines } from './late-appointments.js';

/**
 * What is stuck and why, each kind one query over what is stored: `id`, `appointment_id`, `since` (when it got stuck) and
 * `detail`. Nothing here waits for Temporal or a provider. Times are PostgreSQL's.
 */
const QUERIES = {
  message_unhandled: {
    remedy: 'Look at the appointment’s workflow in the Temporal UI; if it is gone, repair the appointment.',
    query: sql`
      select id::text, appointment_id, coalesce(delivered_at, received_at) as since,
        jsonb_build_object('message', kind, 'receivedAt', received_at, 'attempts', attempts) as detail
      from message
      where handled_at is null and (delivered_at is not null or next_attempt_at is null)
        and coalesce(delivered_at, received_at) < clock_timestamp() - interval '1 minute'`,
  },
  message_undelivered: {
    remedy: 'See that Temporal and the relay worker run; if the workflow is gone, repair the appointment.',
    query: sql`
      select id::text, appointment_id, received_at as since,
        jsonb_build_object('message', kind, 'attempts', attempts, 'nextAttemptAt', next_attempt_at) as detail
      from message
      where handled_at is null and delivered_at is null and next_attempt_at is not null
        and received_at < clock_timestamp() - interval '1 minute'`,
  },
  notification_failed: {
    remedy: 'Correct the address or number and send it anew, or reach the person another way.',
    query: sql`
      select id::text, appointment_id, coalesce(claimed_at, created_at) as since,
        jsonb_build_object('notification', kind, 'channel', channel, 'recipientId', recipient_id,
          'attempts', attempts, 'error', error) as detail
      from notification n
      where status = 'failed' and coalesce(claimed_at, created_at) > clock_timestamp() - interval '7 days'
        and not exists (
          select from notification anew
          where anew.appointment_id = n.appointment_id and anew.kind = n.kind and anew.recipient_id = n.recipient_id
            and anew.channel = n.channel and anew.occasion > n.occasion)`,
  },
  deadline_passed: {
    remedy: 'See that the workflow worker runs; if the workflow is gone, repair the appointment.',
    query: sql`
      select appointment_id::text as id, appointment_id, due as since,
        jsonb_build_object('deadline', event, 'status', status) as detail
      from (${lateDeadlines(60_000)}) late`,
  },
  room_refused: {
    remedy: 'Read what the vendor said and correct its cause; the relay goes on trying every minute.',
    query: sql`
      select r.appointment_id::text as id, r.appointment_id, coalesce(r.ensured_at, a.opens_at) as since,
        jsonb_build_object('room', r.status, 'mode', r.mode, 'attempts', r.attempts, 'error', r.error) as detail
      from room r join appointment a on a.id = r.appointment_id
      where r.status in ('wanted', 'closing') and r.attempts >= 6`,
  },
  webhook_endpoint_disabled: {
    remedy: 'See the endpoint’s deliveries for what its receiver said; have it corrected, then enable the endpoint.',
    query: sql`
      select id::text, null::uuid as appointment_id, disabled_at as since,
        jsonb_build_object('url', url, 'reason', disabled_reason) as detail
      from webhook_endpoint where status = 'disabled'`,
  },
  ...MONEY_QUERIES,
  ...DISPUTE_QUERIES,
} as const satisfies Record<string, { remedy: string; query: RawBuilder<unknown> }>;

export type AttentionKind = keyof typeof QUERIES;
export const ATTENTION_KINDS = Object.keys(QUERIES) as [AttentionKind, ...AttentionKind[]];

/** Something that a person should look at. */
export interface AttentionItem {
  kind: AttentionKind;
  /** Of the row: message, notification, appointment, event, refund, dispute or account. */
  id: string;
  appointmentId: string | null;
  since: Date;
  detail: JsonObject;
  remedy: string;
}

export interface Attention {
  /** The longest stuck first, within a kind. */
  items: AttentionItem[];
  /** Kinds of which there are more than are listed. */
  more: AttentionKind[];
}

/** Items listed of one kind: enough to see what is wrong. */
const MOST_OF_A_KIND = 100;

/** Everything that is stuck at this moment, kind by kind. */
export async function readAttention(db: Db): Promise<Attention> {
  const attention: Attention = { items: [], more: [] };
  for (const kind of ATTENTION_KINDS) {
    const found = await readKind(db, kind);
    if (found.length > MOST_OF_A_KIND) attention.more.push(kind);
    attention.items.push(...found.slice(0, MOST_OF_A_KIND));
  }
  return attention;
}

async function readKind(db: Db, kind: AttentionKind): Promise<AttentionItem[]> {
  const { query, remedy } = QUERIES[kind];
  const { rows } = await sql<Omit<AttentionItem, 'kind' | 'remedy'>>`
    select id, appointment_id, since, detail from (${query}) stuck
    order by since, id limit ${MOST_OF_A_KIND + 1}`.execute(db);
  return rows.map((row) => ({ kind, ...row, remedy }));
}
