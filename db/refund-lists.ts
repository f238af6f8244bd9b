import { sql } from 'kysely';
import type { PaymentMethod } from '../domain/types.js';
import type { Db } from './database.js';
import type { RefundStatus } from './refunds.js';

/** A refund whose workflow is to be started. */
export interface ClaimedRefund {
  id: string;
  amountMinor: number;
  currency: string;
  method: PaymentMethod;
}

/** Longest pause between two tries of the relay. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Claims refunds whose workflow is due to be started, pushing the next attempt back (2 s doubling to 30 s), so that
 * several relays don't start the same and a crash costs one pause. Starting twice is harmless: one id, one workflow.
 */
export async function claimRefunds(db: Db, limit: number): Promise<ClaimedRefund[]> {
  const { rows } = await sql<ClaimedRefund>`
    update refund r set attempts = attempts + 1,
      next_attempt_at = clock_timestamp() + least(${LONGEST_PAUSE_MS}, 1000 * power(2, least(attempts + 1, 10))) * interval '1 millisecond'
    from payment p
    where p.id = r.payment_id and r.id in (
      select id from refund where next_attempt_at <= statement_timestamp()
      order by next_attempt_at limit ${limit} for update skip locked)
    returning r.id, r.amount_minor, r.currency, p.method`.execute(db);
  return rows;
}

/** Their workflows exist: the relay need not come back. */
export async function markRefundsStarted(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('refund')
    .set({ nextAttemptAt: null })
    .where('id', 'in', [...ids])
    .execute();
}

/** A refund as the client sees it: where the money goes, and how far it is. */
export interface ShownRefund {
  amountMinor: number;
  to: 'source' | 'wallet';
  status: RefundStatus;
}
