import { sql, type Selectable } from 'kysely';
import type { Db, Trx } from './database.js';
import { decryptField, encryptField } from './field-encryption.js';
import type { WebhookEndpointTable } from './schema.js';

export type WebhookEndpoint = Selectable<WebhookEndpointTable>;

/** How long the old secret signs beside the new one. */
export const OLD_SECRET_HOURS = 24;
/** Each event is written once for every endpoint. */
export const MOST_ENDPOINTS = 20;
/** One booking of it at a time. */
const COUNT_LOCK = 7_233_002;

const SECRET = 'webhook_endpoint.secret';
const PREVIOUS_SECRET = 'webhook_endpoint.previous_secret';

/** Makes an endpoint; a repeat under the same id changes nothing. @returns false when there are as many as there may be */
export async function makeEndpoint(
  db: Db,
  endpoint: Pick<WebhookEndpoint, 'id' | 'url' | 'description' | 'types' | 'createdBy'> & { secret: string },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${COUNT_LOCK})`.execute(trx);
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from webhook_endpoint where status <> 'deleted' and id <> ${endpoint.id}`.execute(trx);
    if (rows[0]!.count >= MOST_ENDPOINTS) return false;
    await trx
      .insertInto('webhookEndpoint')
      .values({ ...endpoint, secret: encryptField(trx, SECRET, endpoint.id, endpoint.secret) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return true;
  });
}

const existing = (db: Db) => db.selectFrom('webhookEndpoint').where('status', '<>', 'deleted').selectAll();

export async function readEndpoint(db: Db, id: string): Promise<WebhookEndpoint | null> {
  return (await existing(db).where('id', '=', id).executeTakeFirst()) ?? null;
}

/** The newest first (uuidv7 or minted: by creation). */
export function listEndpoints(
  db: Db,
  { limit, before }: { limit: number; before: { createdAtMs: number; id: string } | null },
): Promise<WebhookEndpoint[]> {
  let query = existing(db);
  if (before !== null) {
    const at = new Date(before.createdAtMs);
    query = query.where((eb) => eb(eb.refTuple('createdAt', 'id'), '<', eb.tuple(at, before.id)));
  }
  return query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

/** What it still waited for is not sent any more; it can be sent again one by one. */
async function skipPending(trx: Trx, endpointId: string): Promise<void> {
  await trx
    .updateTable('webhookDelivery')
    .set({ status: 'skipped', nextAttemptAt: null })
    .where('endpointId', '=', endpointId)
    .where('status', '=', 'pending')
    .execute();
}

/** Takes an endpoint away with its secrets; its log stays. @returns false when there is none */
export async function deleteEndpoint(db: Db, id: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const secret = encryptField(trx, SECRET, id, '');
    const gone = { status: 'deleted' as const, secret, previousSecret: null, previousUntil: null };
    const { numUpdatedRows } = await trx
      .updateTable('webhookEndpoint')
      .set(gone)
      .where('id', '=', id)
      .where('status', '<>', 'deleted')
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await skipPending(trx, id);
    return numUpdatedRows > 0n;
  });
}

/** What signs, for the one answer that shows it. @throws UnreadableField */
export function secretOf(db: Db, { id, secret }: WebhookEndpoint): string {
  return decryptField(db, SECRET, id, secret);
}

/** All that signs now. @throws UnreadableField */
export function signingSecrets(db: Db, endpoint: Pick<WebhookEndpoint, 'id' | 'secret' | 'previousSecret'>): string[] {
  const { id, secret, previousSecret } = endpoint;
  const current = decryptField(db, SECRET, id, secret);
  return previousSecret === null ? [current] : [current, decryptField(db, PREVIOUS_SECRET, id, previousSecret)];
}

/** A repeat within this time is taken for one rotation whose answer was lost: the secret before it stays valid. */
const REPEAT_MS = 60_000;

/** Signs with a new secret from now on, and with the old one too for a day. */
export async function rotateSecret(db: Db, id: string, secret: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { rows } = await sql<Pick<WebhookEndpoint, 'secret' | 'previousSecret'> & { isRepeat: boolean }>`
      select secret, previous_secret,
        coalesce(previous_until > clock_timestamp() + ${OLD_SECRET_HOURS} * interval '1 hour'
          - ${REPEAT_MS} * interval '1 millisecond', false) as is_repeat
      from webhook_endpoint where id = ${id} and status <> 'deleted' for update`.execute(trx);
    const [found] = rows;
    if (found === undefined) return;
    const old = decryptField(trx, SECRET, id, found.secret);
    await trx
      .updateTable('webhookEndpoint')
      .set({
        secret: encryptField(trx, SECRET, id, secret),
        ...(found.isRepeat ? {} : { previousSecret: encryptField(trx, PREVIOUS_SECRET, id, old) }),
        previousUntil: sql<Date>`clock_timestamp() + ${OLD_SECRET_HOURS} * interval '1 hour'`,
      })
      .where('id', '=', id)
      .execute();
  });
}

/** Sends there again, from the next event on. */
export async function enableEndpoint(db: Db, id: string): Promise<void> {
  await sql`
    update webhook_endpoint set status = 'enabled', disabled_at = null, disabled_reason = null, delivered_at = null
    where id = ${id} and status = 'disabled'`.execute(db);
}

/**
 * Gives an endpoint up: `gone` at once, `failing` only if nothing has arrived there since this delivery was written. Shown
 * in attention, and admins are told. @returns true when it was given up by this call
 */
export async function disableEndpoint(
  trx: Trx,
  id: string,
  reason: 'gone' | 'failing',
  deliveryCreatedAt: Date,
): Promise<boolean> {
  let query = trx
    .updateTable('webhookEndpoint')
    .set({ status: 'disabled', disabledAt: sql<Date>`clock_timestamp()`, disabledReason: reason, toldAt: null })
    .where('id', '=', id)
    .where('status', '=', 'enabled');
  if (reason === 'failing')
    query = query.where((eb) => eb.or([eb('deliveredAt', 'is', null), eb('deliveredAt', '<', deliveryCreatedAt)]));
  const { numUpdatedRows } = await query.executeTakeFirst();
  if (numUpdatedRows > 0n) await skipPending(trx, id);
  return numUpdatedRows > 0n;
}
