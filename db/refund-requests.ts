import { sql } from 'kysely';
import type { Actor, PaymentStatus } from '../domain/types.js';
import { clientWallet, refundPending } from './accounts.js';
import type { Trx } from './database.js';
import { lockAccounts, post } from './ledger.js';
import { takeFromLots } from './lots.js';
import type { Payment } from './payments.js';

export interface RefundRequest {
  /** Fixed by the request where its repeat must meet it; minted by PostgreSQL otherwise. */
  id?: string;
  payment: Payment;
  appointmentId: string | null;
  amountMinor: number;
  /** The payment's, unless money of another came. */
  currency: string;
  /** Why, for people: `cancelled`, `late_money`, an admin's words. */
  reason: string;
  actor: Actor;
}

/**
 * Starts a refund to the source that paid, in the transaction that freed the money: it moves out of the wallet at once,
 * so that the client can't spend what is being returned. The relay starts the workflow `refund-<id>`. @returns its id
 * @throws Error when the payment's money is not in the wallet; PostgreSQL's `payment_never_returned_twice`
 */
export async function requestRefund(trx: Trx, request: RefundRequest): Promise<string> {
  const { payment, appointmentId, amountMinor, currency, reason, actor } = request;
  const { clientId } = payment;
  const wallet = clientWallet(clientId, currency);
  await lockAccounts(trx, [wallet, refundPending(currency)]);
  if ((await takeFromLots(trx, wallet, amountMinor, payment.id)) === null) {
    throw new Error(`payment ${payment.id} has less than ${amountMinor} left in the wallet`);
  }
  const { id } = await trx
    .insertInto('refund')
    .values({
      ...(request.id === undefined ? {} : { id: request.id }),
      appointmentId,
      paymentId: payment.id,
      clientId,
      amountMinor,
      currency,
      destination: 'source',
      reason,
      requestedByRole: actor.role,
      requestedById: actor.id,
      nextAttemptAt: sql<Date>`clock_timestamp()`,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await post(trx, {
    idempotencyKey: `refund_requested:${id}`,
    kind: 'refund_requested',
    appointmentId,
    paymentId: payment.id,
    postings: [
      { account: wallet, amountMinor: -amountMinor },
      { account: refundPending(currency), amountMinor },
    ],
  });
  await trx
    .updateTable('payment')
    .set({
      refundingMinor: sql`refunding_minor + ${amountMinor}`,
      status: sql<PaymentStatus>`case when refunding_minor + refunded_minor + ${amountMinor} >= captured_minor
        then 'refunded' else 'partially_refunded' end`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where('id', '=', payment.id)
    .execute();
  return id;
}

/** Writes down money that stayed in, or came back to, the wallet: for the client's list of refunds, nothing moves. */
export async function noteWalletRefund(trx: Trx, request: RefundRequest): Promise<void> {
  const { payment, appointmentId, amountMinor, currency, reason, actor } = request;
  await trx
    .insertInto('refund')
    .values({
      ...(request.id === undefined ? {} : { id: request.id }),
      appointmentId,
      paymentId: payment.id,
      clientId: payment.clientId,
      amountMinor,
      currency,
      destination: 'wallet',
      reason,
      status: 'completed',
      requestedByRole: actor.role,
      requestedById: actor.id,
      completedAt: sql<Date>`clock_timestamp()`,
    })
    .execute();
}
