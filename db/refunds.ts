import { sql, type Selectable } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import { clearing, clientWallet, refundPending } from './accounts.js';
import { lockAppointment } from './appointment-record.js';
import { databaseNow } from './clock.js';
import type { Db, Trx } from './database.js';
import { recoverLosses } from './dispute-money.js';
import { resolveForeignRefund } from './foreign-refunds.js';
import { lockAccounts, post, type Posting, type TransactionKind } from './ledger.js';
import { addLot } from './lots.js';
import { writeNotifications } from './notification-rows.js';
import type { Payment } from './payments.js';
import { noteWalletRefund } from './refund-requests.js';
import type { RefundTable } from './schema.js';
import { writeTimeline } from './timeline.js';

/** How refunds to a source end. Their money left the wallet when they were asked for (db/refund-requests.ts). */

export type Refund = Selectable<RefundTable>;
export type RefundStatus = Refund['status'];

/** What the provider says of a refund; `refused` is for good. */
export interface RefundNews {
  status: 'pending' | 'succeeded' | 'refused';
  /** The provider's id; null where there is no refund at the provider. */
  providerRef: string | null;
  failureCode: string | null;
}

/** A refund and which captured money it is taken from. */
export interface RefundToSend {
  id: string;
  paymentId: string;
  status: RefundStatus;
  method: 'stripe' | 'razorpay';
  amountMinor: number;
  currency: string;
  /** The provider's refund, once there is one. */
  refundRef: string | null;
  /** PaymentIntent or order id of the payment. */
  paymentRef: string | null;
  chargeRef: string | null;
}

/** The refund as its sender needs it; null when there is none, or none to a source. */
export async function readRefundToSend(db: Db, id: string): Promise<RefundToSend | null> {
  const row = await db
    .selectFrom('refund as r')
    .innerJoin('payment as p', 'p.id', 'r.paymentId')
    .where('r.id', '=', id)
    .where('r.destination', '=', 'source')
    .select(['r.id', 'r.paymentId', 'r.status', 'r.amountMinor', 'r.currency', 'r.providerRef as refundRef'])
    .select(['p.method', 'p.providerRef as paymentRef', 'p.chargeRef'])
    .executeTakeFirst();
  if (row === undefined || row.method === 'wallet') return null;
  return { ...row, method: row.method };
}

interface Working {
  trx: Trx;
  refund: Refund;
  payment: Payment & { method: 'stripe' | 'razorpay' };
  record: AppointmentRecord | null;
}

/** Locks in the order of all money: appointment, payment, refund; accounts follow. */
async function lockRefund(trx: Trx, id: string): Promise<Working | null> {
  const found = await trx.selectFrom('refund').where('id', '=', id).selectAll().executeTakeFirst();
  if (found === undefined || found.destination !== 'source') return null;
  const loaded = found.appointmentId === null ? null : await lockAppointment(trx, found.appointmentId);
  const payment = await trx
    .selectFrom('payment')
    .where('id', '=', found.paymentId)
    .selectAll()
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const refund = await trx
    .selectFrom('refund')
    .where('id', '=', id)
    .selectAll()
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  if (payment.method === 'wallet') throw new Error(`refund ${id} goes to the source of a wallet's payment`);
  return { trx, refund, payment: { ...payment, method: payment.method }, record: loaded?.record ?? null };
}

/**
 * Writes down what the provider says, whatever order its answers come in: pending, then completed or refused; and
 * refused after completed, when the money came back from the bank. A repeat changes nothing; `null` news only asks.
 * @returns the refund's status afterwards; null when there is no such refund
 */
export async function settleRefund(db: Db, id: string, news: RefundNews | null): Promise<RefundStatus | null> {
  return db.transaction().execute(async (trx) => {
    const working = await lockRefund(trx, id);
    if (working === null) return null;
    const { status } = working.refund;
    if (news === null || status === 'refused') return status;
    const known = await withOwnRef(working, news);
    switch (known.status) {
      case 'pending':
        return status === 'completed' ? status : write(working, 'processing', known);
      case 'succeeded':
        return status === 'completed' ? status : complete(working, known);
      case 'refused':
        return refuse(working, known);
    }
  });
}

/** One refund at the provider is one of ours: a second of ours that claims it has none. */
async function withOwnRef({ trx, refund }: Working, news: RefundNews): Promise<RefundNews> {
  if (news.providerRef === null) return news;
  const taken = await trx
    .selectFrom('refund')
    .where('providerRef', '=', news.providerRef)
    .where('id', '<>', refund.id)
    .select('id')
    .executeTakeFirst();
  return taken === undefined ? news : { status: 'refused', providerRef: null, failureCode: 'refunded_already' };
}

async function write({ trx, refund, payment }: Working, status: RefundStatus, news: RefundNews): Promise<RefundStatus> {
  if (news.providerRef !== null) await resolveForeignRefund(trx, payment.method, news.providerRef);
  await trx
    .updateTable('refund')
    .set({
      status,
      providerRef: news.providerRef ?? refund.providerRef,
      failureCode: status === 'refused' ? (news.failureCode ?? 'refused') : null,
      completedAt: status === 'processing' ? null : sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', refund.id)
    .execute();
  return status;
}

async function complete(working: Working, news: RefundNews): Promise<RefundStatus> {
  const { trx, refund, payment } = working;
  const { amountMinor, currency } = refund;
  await postOf(working, 'refund_completed', [
    { account: refundPending(currency), amountMinor: -amountMinor },
    { account: clearing(payment.method, currency), amountMinor },
  ]);
  await trx
    .updateTable('payment')
    .set({
      refundingMinor: sql`refunding_minor - ${amountMinor}`,
      refundedMinor: sql`refunded_minor + ${amountMinor}`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where('id', '=', payment.id)
    .execute();
  await tell(working, 'refund_completed');
  return write(working, 'completed', news);
}

/** What can't go back to its source is the client's credit, who is told; the list of refunds shows both. */
async function refuse(working: Working, news: RefundNews): Promise<RefundStatus> {
  const { trx, refund, payment } = working;
  const { appointmentId, amountMinor, currency, reason, requestedByRole, requestedById } = refund;
  const wallet = clientWallet(refund.clientId, currency);
  const cameBack = refund.status === 'completed';
  const from = cameBack ? clearing(payment.method, currency) : refundPending(currency);
  await postOf(working, 'refund_refused', [
    { account: from, amountMinor: -amountMinor },
    { account: wallet, amountMinor },
  ]);
  await addLot(trx, wallet, { kind: 'refund', paymentId: payment.id, amountMinor });
  const column = cameBack ? 'refundedMinor' : 'refundingMinor';
  await trx
    .updateTable('payment')
    .set({ [column]: sql`${sql.ref(column)} - ${amountMinor}`, updatedAt: sql`clock_timestamp()` })
    .where('id', '=', payment.id)
    .execute();
  const actor = { role: requestedByRole, id: requestedById };
  await noteWalletRefund(trx, { payment, appointmentId, amountMinor, currency, reason, actor });
  if (payment.disputedMinor > 0) await recoverLosses(trx, payment);
  await tell(working, 'refund_to_wallet', news.failureCode);
  return write(working, 'refused', news);
}

async function postOf({ trx, refund }: Working, kind: TransactionKind, postings: Posting[]): Promise<void> {
  const { id, appointmentId, paymentId } = refund;
  await lockAccounts(
    trx,
    postings.map(({ account }) => account),
  );
  await post(trx, { idempotencyKey: `${kind}:${id}`, kind, appointmentId, paymentId, postings });
}

/** The client is told, and the timeline has it. Top-ups have no appointment to tell of. */
async function tell(
  { trx, refund, record }: Working,
  kind: 'refund_completed' | 'refund_to_wallet',
  failureCode: string | null = null,
): Promise<void> {
  if (record === null) return;
  const { amountMinor, currency } = refund;
  const detail = { amountMinor, currency, ...(failureCode === null ? {} : { failureCode }) };
  await writeTimeline(trx, record, [{ kind, actor: { role: 'provider', id: null }, due: null, detail }]);
  await writeNotifications(trx, record, { kind, to: ['client'], notBefore: await databaseNow(trx) });
}
