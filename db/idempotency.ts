import { sql } from 'kysely';
import type { Db } from './database.js';
import { decryptField, encryptField } from './field-encryption.js';
import type { JsonObject } from './json.js';

/** A request as its sender named it: a key counts per caller and route. */
export interface RequestKey {
  caller: string;
  route: string;
  key: string;
}

export type Claim =
  /** Ours to carry out. `resourceId` was minted by the first try and stays over retries. */
  | { state: 'mine'; resourceId: string }
  | { state: 'reused' }
  | { state: 'in_progress' }
  | { state: 'answered'; status: number; body: JsonObject; resourceId: string };

/**
 * How long a request is held to be at work: two calls to Temporal of 8 s, and some. One that takes longer may be taken
 * over, which its fixed ids make harmless; so this is what the death of an API costs those who repeat their request.
 */
const LOCK_MS = 20_000;
export const KEPT_HOURS = 24;

/**
 * Does not wait for the disk at this statement's commit. If PostgreSQL falls within the next half second the row is as if the
 * API had died before it wrote: the repeat is carried out under the same ids and gets the same decision.
 */
const soft = () => sql`(select set_config('synchronous_commit', 'off', true)) soft`;
const asEver = () => sql`(select 1) as_ever`;

/**
 * Inserts the key, or meets it. Fifty at once: one statement takes the lock, the others see it. A key older than 24 h
 * starts anew, with another resource. `minted`: the effect uses `resourceId`, which must then outlive PostgreSQL's fall.
 */
export async function claimRequest(
  db: Db,
  { caller, route, key }: RequestKey,
  requestHash: string,
  { minted = true }: { minted?: boolean } = {},
): Promise<Claim> {
  const { rows } = await sql<{ resourceId: string }>`
    insert into idempotency_key as k (caller, route, key, request_hash, locked_until)
    select ${caller}, ${route}, ${key}, ${requestHash}, clock_timestamp() + ${LOCK_MS} * interval '1 millisecond'
    from ${minted ? asEver() : soft()}
    on conflict (caller, route, key) do update set
      locked_until = excluded.locked_until,
      request_hash = excluded.request_hash,
      response_status = null,
      response_body = null,
      resource_id = case when ${stale()} then excluded.resource_id else k.resource_id end,
      created_at = case when ${stale()} then excluded.created_at else k.created_at end
    where (k.locked_until is null or k.locked_until <= clock_timestamp())
      and (${stale()} or (k.request_hash = excluded.request_hash and k.response_status is null))
    returning resource_id`.execute(db);
  if (rows[0] !== undefined) return { state: 'mine', resourceId: rows[0].resourceId };
  const met = await db
    .selectFrom('idempotencyKey')
    .where('caller', '=', caller)
    .where('route', '=', route)
    .where('key', '=', key)
    .select(['requestHash', 'responseStatus', 'responseBody', 'resourceId'])
    .executeTakeFirst();
  if (met === undefined) return { state: 'in_progress' };
  if (met.requestHash !== requestHash) return { state: 'reused' };
  if (met.responseStatus === null || met.responseBody === null) return { state: 'in_progress' };
  const text = decryptField(db, 'idempotency_key.response_body', rowOf({ caller, route, key }), met.responseBody.text);
  const body = JSON.parse(text) as JsonObject;
  return { state: 'answered', status: met.responseStatus, body, resourceId: met.resourceId };
}

const stale = () => sql`k.created_at <= clock_timestamp() - ${KEPT_HOURS} * interval '1 hour'`;

/** What an answer's ciphertext is bound to. */
const rowOf = ({ caller, route, key }: RequestKey): string => [caller, route, key].join('|');

/** An answer to keep for those who repeat its request. */
export interface Answer {
  status: number;
  /** Holds no secrets. */
  body: JsonObject;
}

/**
 * The statement that remembers an answer, encrypted: it names people. For a transaction that carries out the request,
 * which then needs no other to say so. `after` is what it selects from.
 */
export function rememberAnswer(db: Db, { caller, route, key }: RequestKey, answer: Answer, after = asEver()) {
  const sealed = encryptField(
    db,
    'idempotency_key.response_body',
    rowOf({ caller, route, key }),
    JSON.stringify(answer.body),
  );
  const body = JSON.stringify({ text: sealed });
  return sql`
    update idempotency_key set response_status = ${answer.status}, response_body = ${body}, locked_until = null
    from ${after}
    where caller = ${caller} and route = ${route} and key = ${key} and response_status is null`;
}

/** Remembers the answer after its request was carried out. */
export async function storeAnswer(db: Db, key: RequestKey, answer: Answer): Promise<void> {
  await rememberAnswer(db, key, answer, soft()).execute(db);
}

/** Nothing is remembered (5xx, 429): a retry may run at once and meets the same resource. */
export async function releaseRequest(db: Db, { caller, route, key }: RequestKey): Promise<void> {
  await sql`
    update idempotency_key set locked_until = null from ${soft()}
    where caller = ${caller} and route = ${route} and key = ${key} and response_status is null`.execute(db);
}

/** Mints another resource for a request whose first one can never come to be. @returns its id */
export async function renewResource(db: Db, { caller, route, key }: RequestKey): Promise<string> {
  const { resourceId } = await db
    .updateTable('idempotencyKey')
    .set({ resourceId: sql<string>`gen_random_uuid()` })
    .where('caller', '=', caller)
    .where('route', '=', route)
    .where('key', '=', key)
    .returning('resourceId')
    .executeTakeFirstOrThrow();
  return resourceId;
}
