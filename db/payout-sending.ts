import { sql } from 'kysely';
import type { PayoutRailName } from '../domain/earnings.js';
import type { Db } from './database.js';
import type { Payout } from './payouts.js';

/** What a rail needs to send one payout. */
export interface PayoutToSend {
  id: string;
  batchId: string;
  therapistId: string;
  rail: PayoutRailName;
  amountMinor: number;
  currency: string;
  /** The therapist's account at Stripe, as it is now. */
  stripeAccount: string | null;
}

/** Ids of a batch's payouts that are neither sent nor failed, the oldest first. */
export async function pendingPayouts(db: Db, batchId: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('payout')
    .where('batchId', '=', batchId)
    .where('status', '=', 'pending')
    .select('id')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Null for one that is sent, failed or not there. */
export async function payoutToSend(db: Db, payoutId: string): Promise<PayoutToSend | null> {
  const row = await db
    .selectFrom('payout as p')
    .innerJoin('payoutBatch as b', 'b.id', 'p.batchId')
    .innerJoin('therapist as t', 't.id', 'p.therapistId')
    .where('p.id', '=', payoutId)
    .where('p.status', '=', 'pending')
    .select(['p.id', 'p.batchId', 'p.therapistId', 'b.rail', 'p.amountMinor', 'p.currency', 't.stripeAccount'])
    .executeTakeFirst();
  return row ?? null;
}

/** How a payout stands; null for one that is not there. */
export async function payoutStatus(db: Db, payoutId: string): Promise<Payout['status'] | null> {
  const row = await db.selectFrom('payout').where('id', '=', payoutId).select('status').executeTakeFirst();
  return row?.status ?? null;
}

const RETRY_MS = 5_000;

/** Claims batches whose workflow is to be started, pushing their next attempt back, so that relays don't meet. */
export async function claimPayoutBatches(db: Db, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update payout_batch set next_attempt_at = clock_timestamp() + ${RETRY_MS} * interval '1 millisecond'
    where id in (
      select id from payout_batch where next_attempt_at <= statement_timestamp()
      order by next_attempt_at limit ${limit} for update skip locked)
    returning id`.execute(db);
  return rows.map(({ id }) => id);
}

/** The batch's workflow runs, or has run: no relay starts it any more. */
export async function markBatchStarted(db: Db, batchId: string): Promise<void> {
  await db.updateTable('payoutBatch').set({ nextAttemptAt: null }).where('id', '=', batchId).execute();
}
