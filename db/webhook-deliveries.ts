import { sql, type Selectable } from 'kysely';
import { KEPT_CHARACTERS, storableText } from '../domain/storable-text.js';
import type { Db } from './database.js';
import { UnreadableField } from './field-cipher.js';
import type { WebhookTry } from './json.js';
import type { WebhookDeliveryTable } from './schema.js';
import { disableEndpoint, signingSecrets, type WebhookEndpoint } from './webhook-endpoints.js';

export type WebhookDelivery = Selectable<WebhookDeliveryTable>;

/** A delivery whose turn it is, with where it goes and what signs it. */
export interface ClaimedDelivery {
  id: string;
  endpointId: string;
  messageId: string;
  body: string;
  attempts: number;
  createdAt: Date;
  url: string;
  /** Empty when they can't be decrypted. */
  secrets: string[];
}

/** Longer than a try may take; a relay that died is followed by another after this. */
const CLAIM_LEASE_MS = 40_000;

/** Claims what is due, so many of each endpoint that is not busy: a slow receiver holds nobody else up. */
export async function claimDeliveries(
  db: Db,
  { ofEach, busy }: { ofEach: number; busy: readonly string[] },
): Promise<ClaimedDelivery[]> {
  type Row = Omit<ClaimedDelivery, 'secrets'> & Pick<WebhookEndpoint, 'secret' | 'previousSecret'>;
  const { rows } = await sql<Row>`
    with due as (
      select d.id, w.url, w.secret, case when w.previous_until > clock_timestamp() then w.previous_secret end as previous_secret
      from webhook_endpoint w, lateral (
        select id from webhook_delivery
        where endpoint_id = w.id and status = 'pending' and next_attempt_at <= statement_timestamp()
        order by next_attempt_at limit ${ofEach} for update skip locked
      ) d
      where w.status = 'enabled' and w.id <> all(${busy}::uuid[])
    )
    update webhook_delivery d set attempts = d.attempts + 1,
      next_attempt_at = clock_timestamp() + ${CLAIM_LEASE_MS} * interval '1 millisecond'
    from due where d.id = due.id
    returning d.id, d.endpoint_id, d.message_id, d.body, d.attempts, d.created_at, due.url, due.secret,
      due.previous_secret`.execute(db);
  return rows.map(({ secret, previousSecret, ...delivery }) => {
    return { ...delivery, secrets: secretsOf(db, { id: delivery.endpointId, secret, previousSecret }) };
  });
}

/** One endpoint whose key is gone must not keep the others from theirs. */
function secretsOf(db: Db, endpoint: Parameters<typeof signingSecrets>[1]): string[] {
  try {
    return signingSecrets(db, endpoint);
  } catch (error) {
    if (error instanceof UnreadableField) return [];
    throw error;
  }
}

/** Writes down how a try went. `retryMs` null: it was the last. One that somebody has claimed anew is left alone. */
export async function recordTry(
  db: Db,
  { id, endpointId, attempts }: ClaimedDelivery,
  tried: WebhookTry,
  outcome: { delivered: boolean; retryMs: number | null },
): Promise<void> {
  const { delivered, retryMs } = outcome;
  const said = { ...tried, answer: tried.answer === null ? null : storableText(tried.answer, KEPT_CHARACTERS) };
  const status = delivered ? 'delivered' : retryMs === null ? 'failed' : 'pending';
  await sql`
    with arrived as (
      update webhook_endpoint set delivered_at = clock_timestamp() where id = ${endpointId} and ${delivered}
    )
    update webhook_delivery set status = ${status}, tries = tries || ${JSON.stringify([said])}::jsonb,
      next_attempt_at = clock_timestamp() + ${delivered ? null : retryMs}::float8 * interval '1 millisecond',
      delivered_at = case when ${delivered} then clock_timestamp() end
    where id = ${id} and status = 'pending' and attempts = ${attempts}`.execute(db);
}

/** The last try failed too: with it, in one transaction, the endpoint may be given up. @returns true when it was */
export function recordLastTry(
  db: Db,
  delivery: ClaimedDelivery,
  tried: WebhookTry,
  reason: 'gone' | 'failing',
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await recordTry(trx, delivery, tried, { delivered: false, retryMs: null });
    return disableEndpoint(trx, delivery.endpointId, reason, delivery.createdAt);
  });
}

/** A try that was broken off by our own stop: it never was, and another relay takes it up at once. */
export async function unclaim(db: Db, { id, attempts }: ClaimedDelivery): Promise<void> {
  await sql`
    update webhook_delivery set attempts = attempts - 1, next_attempt_at = clock_timestamp()
    where id = ${id} and status = 'pending' and attempts = ${attempts}`.execute(db);
}

/** One endpoint's deliveries, the newest first. */
export function listDeliveries(
  db: Db,
  endpointId: string,
  { limit, before, status }: { limit: number; before: string | null; status: WebhookDelivery['status'] | null },
): Promise<WebhookDelivery[]> {
  let query = db.selectFrom('webhookDelivery').where('endpointId', '=', endpointId).selectAll();
  if (before !== null) query = query.where('id', '<', before);
  if (status !== null) query = query.where('status', '=', status);
  return query.orderBy('id', 'desc').limit(limit).execute();
}

/** @returns the delivery and whether its endpoint takes any; null when there is none, or its endpoint is deleted */
export async function readDelivery(
  db: Db,
  id: string,
): Promise<(WebhookDelivery & { endpointStatus: 'enabled' | 'disabled' | 'deleted' }) | null> {
  const found = await db
    .selectFrom('webhookDelivery as d')
    .innerJoin('webhookEndpoint as w', 'w.id', 'd.endpointId')
    .where('d.id', '=', id)
    .where('w.status', '<>', 'deleted')
    .selectAll('d')
    .select('w.status as endpointStatus')
    .executeTakeFirst();
  return found ?? null;
}

/** Sends it again, under the same message id, with all its tries anew. One that is on its way goes at once. */
export async function resendDelivery(db: Db, id: string): Promise<void> {
  await sql`
    update webhook_delivery set status = 'pending', next_attempt_at = clock_timestamp(), delivered_at = null,
      attempts = case when status = 'pending' then attempts else 0 end
    where id = ${id} and (status <> 'pending' or attempts > 0)
      and exists (select from webhook_endpoint w where w.id = endpoint_id and w.status = 'enabled')`.execute(db);
}
