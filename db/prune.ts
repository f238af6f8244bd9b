import { type RawBuilder, sql } from 'kysely';
import type { Db } from './database.js';
import { KEPT_HOURS as ANSWERS_KEPT_HOURS } from './idempotency.js';

const AT_ONCE = 1_000;
/** Ended sessions and what was sent to webhook endpoints stay for this long, to be looked into. */
const LOOKED_INTO_DAYS = 30;

const before = (column: string, hours: number): RawBuilder<unknown> =>
  sql`${sql.ref(column)} <= statement_timestamp() - ${hours} * interval '1 hour'`;

/** What is over, table by table: it means nothing any more, and some of it names people. (Events: `pruneEvents`.) */
const OVER: Record<string, RawBuilder<unknown>> = {
  sign_in: before('expires_at', 0),
  event_ticket: before('expires_at', 0),
  phone_code: before('created_at', 24),
  web_session: before('expires_at', LOOKED_INTO_DAYS * 24),
  idempotency_key: before('created_at', ANSWERS_KEPT_HOURS),
  webhook_delivery: sql`status <> 'pending' and ${before('created_at', LOOKED_INTO_DAYS * 24)}`,
};

/** Takes out rows that are over, a thousand of each table at most. @returns how many; 0 once nothing is left */
export async function pruneOld(db: Db): Promise<number> {
  let count = 0;
  for (const [table, isOver] of Object.entries(OVER)) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where ${isOver} limit ${AT_ONCE} for update skip locked))`.execute(db);
    count += Number(numAffectedRows ?? 0);
  }
  return count;
}
