import { sql } from 'kysely';
import type { MessageEvent } from '../domain/events.js';
import type { Actor } from '../domain/types.js';
import type { StoredMessage } from '../domain/work-off.js';
import type { Db } from './database.js';
import type { JsonObject, MessageDecision } from './json.js';

/** What has happened, on its way to a workflow. */
export interface NewMessage {
  /** Fixed by the cause where a repeat must meet the first (an update's id); minted by PostgreSQL otherwise. */
  id?: string;
  appointmentId: string;
  kind: MessageEvent;
  actor: Actor;
  payload?: JsonObject;
  /** PostgreSQL's clock as the caller's transaction read it; now when left out. */
  receivedAt?: Date;
  /** True when a signal tells the workflow: the caller sends it at once, and the relay if that failed. */
  signal: boolean;
}

/** How long the relay leaves the first sending to whoever stored the message. */
const FIRST_TRY_MS = 2_000;

/** When the relay sends a signal that whoever stored its message did not. */
export const firstTryAt = () => sql<Date>`clock_timestamp() + ${FIRST_TRY_MS} * interval '1 millisecond'`;

/** Stores a message in the caller's transaction; `received_at` is PostgreSQL's. A repeat of an id changes nothing. @returns its id */
export async function storeMessage(db: Db, message: NewMessage): Promise<string> {
  const { id, appointmentId, kind, actor, payload, receivedAt, signal } = message;
  const inserted = await db
    .insertInto('message')
    .values({
      ...(id === undefined ? {} : { id }),
      ...(receivedAt === undefined ? {} : { receivedAt }),
      appointmentId,
      kind,
      actorRole: actor.role,
      actorId: actor.id,
      payload: JSON.stringify(payload ?? {}),
      nextAttemptAt: signal ? firstTryAt() : null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id ?? id!;
}

/** A stored message with what its decision needs from the payload. */
export type UnhandledMessage = StoredMessage & { payload: JsonObject };

/** The decision on a message, or null while undecided (or unknown). */
export async function readDecision(db: Db, id: string): Promise<MessageDecision | null> {
  const row = await db.selectFrom('message').where('id', '=', id).select('decision').executeTakeFirst();
  return row?.decision ?? null;
}

/** Of these messages, those that are decided. */
export async function readDecisions(db: Db, ids: readonly string[]): Promise<Map<string, MessageDecision>> {
  const { rows } = await sql<{ id: string; decision: MessageDecision }>`
    select id, decision from message where id = any(${[...ids]}::uuid[]) and decision is not null`.execute(db);
  return new Map(rows.map(({ id, decision }) => [id, decision]));
}

/** The sender reached Temporal: the relay need not. */
export async function markDelivered(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('message')
    .set({ deliveredAt: sql`clock_timestamp()`, nextAttemptAt: null })
    .where('id', 'in', [...ids])
    .execute();
}

/** Longest pause between two tries of the relay. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Claims messages that are due for sending, pushing their next attempt back (1 s doubling to 30 s), so that several
 * relays don't send the same and a crash costs one pause. Sending twice is harmless: a message is decided once.
 */
export async function claimMessages(
  db: Db,
  limit: number,
): Promise<{ id: string; appointmentId: string; kind: MessageEvent }[]> {
  const { rows } = await sql<{ id: string; appointmentId: string; kind: MessageEvent }>`
    update message set attempts = attempts + 1,
      next_attempt_at = clock_timestamp() + least(${LONGEST_PAUSE_MS}, 1000 * power(2, least(attempts, 10))) * interval '1 millisecond'
    where id in (
      select id from message where next_attempt_at <= statement_timestamp()
      order by next_attempt_at limit ${limit} for update skip locked)
    returning id, appointment_id, kind`.execute(db);
  return rows;
}
