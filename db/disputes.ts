import { sql, type Selectable } from 'kysely';
import type { Db, Trx } from './database.js';
import { countDispute, lockLossAccounts, loseDispute, recoverLosses, releaseDispute } from './dispute-money.js';
import { tellOfDispute } from './dispute-notices.js';
import { freezeEarnings, unfreezeEarnings } from './earning-entries.js';
import type { Payment } from './payments.js';
import type { DisputeTable } from './schema.js';

export type Dispute = Selectable<DisputeTable>;

/** What a provider says of a dispute, as the object stands now. */
export interface DisputeNews {
  provider: 'stripe' | 'razorpay';
  disputeRef: string;
  status: Dispute['status'];
  amountMinor: number;
  currency: string;
  reason: string | null;
  evidenceDueAt: Date | null;
  /** What finds our payment: PaymentIntent or order, charge or Razorpay payment, our own id. */
  paymentRef: string | null;
  chargeRef: string;
  paymentId: string | null;
}

export type DisputeOutcome =
  /** The news is written down, or was known (or newer news was). */
  | { outcome: 'applied'; disputeId: string; paymentId: string }
  /** No payment of ours: the event stays unhandled and shows in attention. */
  | { outcome: 'unknown_payment' }
  /** The bank decided once more, the other way: nothing moves, the event stays unhandled and shows in attention. */
  | { outcome: 'contradicted'; disputeId: string; paymentId: string };

/** News never goes back: what was fetched before a decision may arrive after it. */
const RANK: Record<Dispute['status'], number> = { inquiry: 0, open: 1, won: 2, lost: 2 };

/** True while a bank has not decided: refunds of this payment are refused. An inquiry refuses none. */
export async function hasOpenDispute(db: Db, paymentId: string): Promise<boolean> {
  const open = await db
    .selectFrom('dispute')
    .where('paymentId', '=', paymentId)
    .where('status', '=', 'open')
    .select('id')
    .executeTakeFirst();
  return open !== undefined;
}

/**
 * Applies what a provider says of a dispute: row, ledger, payment, earnings, timeline and notices in this transaction.
 * Any order and any number of times leads to the same; docs/money.md has the postings. Locks appointment, payment,
 * accounts.
 */
export async function applyDispute(trx: Trx, news: DisputeNews): Promise<DisputeOutcome> {
  const payment = await lockPaymentOf(trx, news);
  if (payment === null) return { outcome: 'unknown_payment' };
  const { dispute, isNew } = await meetDispute(trx, payment, news);
  const ids = { disputeId: dispute.id, paymentId: payment.id };
  if (!isNew && RANK[news.status] < RANK[dispute.status]) return { outcome: 'applied', ...ids };
  if (RANK[dispute.status] === RANK.won && news.status !== dispute.status) return { outcome: 'contradicted', ...ids };
  const current = await updateFacts(trx, dispute, news);
  await moveMoney(trx, payment, current, dispute.status);
  if (isNew || current.status !== dispute.status) {
    await enter(trx, payment, current);
    await tellOfDispute(trx, payment, current, isNew ? null : dispute.status);
  }
  return { outcome: 'applied', ...ids };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By the provider's object or our own id, which are indexed; by the charge only where neither is known. */
async function findPayment(trx: Trx, { provider, paymentRef, chargeRef, paymentId }: DisputeNews) {
  const payments = trx.selectFrom('payment').where('method', '=', provider).select(['id', 'appointmentId']);
  const byRef =
    paymentRef === null ? undefined : await payments.where('providerRef', '=', paymentRef).executeTakeFirst();
  if (byRef !== undefined) return byRef;
  const isOurs = paymentId !== null && UUID.test(paymentId);
  const byId = isOurs ? await payments.where('id', '=', paymentId).executeTakeFirst() : undefined;
  return byId ?? payments.where('chargeRef', '=', chargeRef).executeTakeFirst();
}

/** Locks the appointment (if any) before the payment, as every transaction does. */
async function lockPaymentOf(trx: Trx, news: DisputeNews): Promise<Payment | null> {
  const found = await findPayment(trx, news);
  if (found === undefined) return null;
  const { id, appointmentId } = found;
  // Its key stays as it is, so an event that inserts a message meanwhile need not wait for us.
  if (appointmentId !== null)
    await trx.selectFrom('appointment').where('id', '=', appointmentId).select('id').forNoKeyUpdate().execute();
  return trx.selectFrom('payment').where('id', '=', id).selectAll().forNoKeyUpdate().executeTakeFirstOrThrow();
}

async function meetDispute(trx: Trx, payment: Payment, news: DisputeNews) {
  const { provider, disputeRef: providerRef, amountMinor, currency } = news;
  const made = await trx
    .insertInto('dispute')
    .values({ provider, providerRef, paymentId: payment.id, amountMinor, currency, status: 'inquiry' })
    .onConflict((conflict) => conflict.columns(['provider', 'providerRef']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made !== undefined) return { dispute: made, isNew: true };
  const dispute = await trx
    .selectFrom('dispute')
    .where('provider', '=', provider)
    .where('providerRef', '=', providerRef)
    .selectAll()
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { dispute, isNew: false };
}

/** The row as the provider has it now. An amount only grows: what was counted for it stays counted until a decision. */
function updateFacts(trx: Trx, dispute: Dispute, news: DisputeNews): Promise<Dispute> {
  const { status, amountMinor, reason, evidenceDueAt } = news;
  const isDecided = status === 'won' || status === 'lost';
  return trx
    .updateTable('dispute')
    .set({
      status,
      amountMinor: sql`greatest(amount_minor, ${amountMinor})`,
      reason: reason ?? dispute.reason,
      evidenceDueAt: evidenceDueAt ?? dispute.evidenceDueAt,
      closedAt: isDecided ? sql<Date>`coalesce(closed_at, clock_timestamp())` : null,
    })
    .where('id', '=', dispute.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Ledger and counters; each part finds out what is still to do, so a repeat moves nothing. */
async function moveMoney(trx: Trx, payment: Payment, dispute: Dispute, before: Dispute['status']): Promise<void> {
  if (dispute.status === 'open') await countDispute(trx, payment, dispute);
  if (dispute.status === 'won') await releaseDispute(trx, payment, dispute);
  if (dispute.status !== 'lost') return;
  await lockLossAccounts(trx, payment, dispute.currency);
  const addedMinor = await countDispute(trx, payment, dispute);
  await loseDispute(trx, payment, dispute, before === 'lost' ? addedMinor : dispute.countedMinor + addedMinor);
  await recoverLosses(trx, payment);
}

/** What else a status means: the payment's own, and the earnings of its appointment. */
async function enter(trx: Trx, payment: Payment, dispute: Dispute): Promise<void> {
  await trx
    .updateTable('payment')
    .set({
      // A lost one is never refundable again, so it stays disputed; else as its refunds have it.
      status: sql`case
        when exists (select 1 from dispute d where d.payment_id = payment.id and d.status in ('open', 'lost')) then 'disputed'
        when status <> 'disputed' then status
        when refunding_minor + refunded_minor = 0 then 'completed'
        when refunding_minor + refunded_minor >= captured_minor then 'refunded'
        else 'partially_refunded' end`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where('id', '=', payment.id)
    .execute();
  const { appointmentId } = payment;
  if (appointmentId === null) return;
  if (dispute.status === 'open') await freezeEarnings(trx, dispute.id, appointmentId);
  if (dispute.status === 'won' || dispute.status === 'lost') await thaw(trx, payment.id, dispute.id, appointmentId);
}

/** Another dispute of the payment that is still open keeps the earnings where they are. */
async function thaw(trx: Trx, paymentId: string, disputeId: string, appointmentId: string): Promise<void> {
  await unfreezeEarnings(trx, disputeId);
  const other = await trx
    .selectFrom('dispute')
    .where('paymentId', '=', paymentId)
    .where('status', '=', 'open')
    .select('id')
    .executeTakeFirst();
  if (other !== undefined) await freezeEarnings(trx, other.id, appointmentId);
}
