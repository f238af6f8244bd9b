import type { Db } from '../../db/database.js';
import { checkLedger } from '../../db/ledger-check.js';
import type { Sandbox } from '../../sandbox/server.js';

/** What moved at the providers, and what the ledger says of it: the two must be equal, object by object. */
export interface Books {
  /** Captured, by our payment's id, minor units. */
  captured: Record<string, number>;
  /** Gone back, by our refund's id, minor units. */
  refunded: Record<string, number>;
}

const CAPTURED = new Set(['succeeded', 'paid']);
const REFUNDED = new Set(['succeeded', 'processed']);

/** What the vendors have taken and given back. @throws Error for an object that names none of our rows */
export function providersBooks({ control }: Pick<Sandbox, 'control'>): Books {
  const captured: Record<string, number> = {};
  const refunded: Record<string, number> = {};
  for (const { paymentId, status, amountMinor, ref } of control.payments.list()) {
    if (!CAPTURED.has(status)) continue;
    if (paymentId === null) throw new Error(`${ref} was paid and names no payment of ours`);
    captured[paymentId] = (captured[paymentId] ?? 0) + amountMinor;
  }
  for (const { refundId, status, amountMinor, id } of control.refunds.list()) {
    if (!REFUNDED.has(status)) continue;
    if (refundId === null) throw new Error(`${id} went back and names no refund of ours`);
    refunded[refundId] = (refunded[refundId] ?? 0) + amountMinor;
  }
  return { captured, refunded };
}

/** What the ledger says that the vendors hold and have given back. */
export async function ledgersBooks(db: Db): Promise<Books> {
  const rows = await db
    .selectFrom('ledgerTransaction as t')
    .innerJoin('ledgerEntry as e', 'e.transactionId', 't.id')
    .innerJoin('account as a', 'a.code', 'e.account')
    .where('a.kind', 'in', ['stripe_clearing', 'razorpay_clearing'])
    .where('t.kind', 'in', ['fund', 'top_up', 'refund_completed'])
    .select(['t.kind', 't.paymentId', 't.idempotencyKey', 'e.amountMinor'])
    .execute();
  const captured: Record<string, number> = {};
  const refunded: Record<string, number> = {};
  for (const { kind, paymentId, idempotencyKey, amountMinor } of rows) {
    if (kind === 'refund_completed') refunded[idempotencyKey.split(':')[1]!] = amountMinor;
    else captured[paymentId!] = (captured[paymentId!] ?? 0) - amountMinor;
  }
  return { captured, refunded };
}

/** Rules of the ledger that do not hold; none, when all is well. */
export async function brokenRules(db: Db): Promise<unknown[]> {
  return (await checkLedger(db)).filter(({ ok }) => !ok);
}
