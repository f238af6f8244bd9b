import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { commitAppointment } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { applyDispute, type DisputeNews } from '../../db/disputes.js';
import { resolveHold } from '../../db/holds.js';
import { checkLedger } from '../../db/ledger-check.js';
import { startProviderPayment } from '../../db/payment-requests.js';
import { completeTopUp } from '../../db/payments.js';
import { storePaymentEvent } from '../../db/provider-events.js';
import { bookAppointment, makeParties, recordOf, type Parties } from './appointments.js';

/** Payments that a bank can dispute, without provider or worker. */

export type Method = 'stripe' | 'razorpay';

export interface PaidByCard {
  parties: Parties;
  /** The appointment. */
  id: string;
  paymentId: string;
  news: DisputeNews;
}

/** What a bank says of this payment, all of 60.00, for the first time unless changed. */
export function newsOf(provider: Method, paymentId: string, changes: Partial<DisputeNews> = {}): DisputeNews {
  return {
    provider,
    disputeRef: `dp_${randomUUID()}`,
    status: 'open',
    amountMinor: 6_000,
    currency: 'INR',
    reason: 'fraudulent',
    evidenceDueAt: new Date('2027-01-05T12:00:00Z'),
    paymentRef: `ref_${paymentId}`,
    chargeRef: `ch_${paymentId}`,
    paymentId: null,
    ...changes,
  };
}

/** An appointment of 60.00 paid by card and held; settled when asked for. */
export async function paidByCard(db: Db, method: Method, { settled = false } = {}): Promise<PaidByCard> {
  const parties = await makeParties(db);
  const id = await bookAppointment(db, parties);
  const { id: paymentId } = await startProviderPayment(db, id, method);
  await storePaymentEvent(
    db,
    { provider: method, eventId: randomUUID(), type: 'paid', payload: {} },
    {
      status: 'succeeded',
      providerRef: `ref_${paymentId}`,
      paymentId,
      amountMinor: 6_000,
      currency: 'INR',
      chargeRef: `ch_${paymentId}`,
      failureCode: null,
    },
  );
  await db
    .updateTable('payment')
    .set({ providerRef: `ref_${paymentId}` })
    .where('id', '=', paymentId)
    .execute();
  await commitAppointment(db, id);
  if (settled) await settle(db, id);
  return { parties, id, paymentId, news: newsOf(method, paymentId) };
}

/** Charges the held price, or a part, as the end of the appointment does. */
export async function settle(db: Db, id: string, chargeMinor: number | 'all' = 'all'): Promise<void> {
  const record = await recordOf(db, id);
  await db.transaction().execute((trx) => resolveHold(trx, record, chargeMinor));
}

/** A top-up of the client's wallet by card. */
export async function toppedUp(db: Db, clientId: string, method: Method, amountMinor: number): Promise<string> {
  return db.transaction().execute(async (trx) => {
    const made = await trx
      .insertInto('payment')
      .values({ clientId, purpose: 'top_up', method, amountMinor, currency: 'INR' })
      .returning('id')
      .executeTakeFirstOrThrow();
    const payment = await trx
      .updateTable('payment')
      .set({ providerRef: `ref_${made.id}` })
      .where('id', '=', made.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await completeTopUp(trx, { payment, amountMinor, currency: 'INR', chargeRef: `ch_${made.id}` });
    return made.id;
  });
}

export const tell = (db: Db, news: DisputeNews) => db.transaction().execute((trx) => applyDispute(trx, news));

/** An account's balance, minor units; 0 when there is none. */
export async function balanceOf(db: Db, code: string): Promise<number> {
  const row = await db.selectFrom('account').where('code', '=', code).select('balanceMinor').executeTakeFirst();
  return row?.balanceMinor ?? 0;
}

export const paymentOf = (db: Db, id: string) =>
  db.selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

/** Every invariant of the money holds. */
export async function expectBooksInOrder(db: Db): Promise<void> {
  expect((await checkLedger(db)).filter(({ ok }) => !ok)).toEqual([]);
}
