import { sql, type NotNull, type Selectable } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import { SYSTEM, type Actor } from '../domain/types.js';
import { clearing, clientWallet } from './accounts.js';
import type { Db, Trx } from './database.js';
import { placeHold, resolveHold, takeOverHold } from './holds.js';
import type { JsonObject } from './json.js';
import { post } from './ledger.js';
import { addLot, turnIntoRefund } from './lots.js';
import { noteWalletRefund, requestRefund } from './refund-requests.js';
import type { PaymentTable } from './schema.js';

export type Payment = Selectable<PaymentTable>;
/** A payment for an appointment, as against a top-up of a wallet. */
export type AppointmentPayment = Payment & { appointmentId: string };

export function isForAppointment(payment: Payment): payment is AppointmentPayment {
  return payment.appointmentId !== null;
}

/** Money that a verified provider event (or the wallet) says arrived, as the message row carries it. */
export interface Arrival {
  payment: Payment;
  amountMinor: number;
  currency: string;
  chargeRef: string | null;
}

/** Reads the payment a `payment_settled` message names; null when it names none of this appointment. */
export async function readArrival(trx: Trx, appointmentId: string, payload: JsonObject): Promise<Arrival | null> {
  const { paymentId, amountMinor, currency, chargeRef } = payload;
  if (typeof paymentId !== 'string' || typeof amountMinor !== 'number' || typeof currency !== 'string') return null;
  const payment = await trx
    .selectFrom('payment')
    .where('id', '=', paymentId)
    .where('appointmentId', '=', appointmentId)
    .selectAll()
    .executeTakeFirst();
  if (payment === undefined) return null;
  return { payment, amountMinor, currency, chargeRef: typeof chargeRef === 'string' ? chargeRef : null };
}

/** True when the money is what was asked for: another amount or currency never books. */
export function isPrice(arrival: Arrival, record: AppointmentRecord): boolean {
  return arrival.amountMinor === record.priceMinor && arrival.currency === record.currency;
}

/** Provider money becomes the client's: an asset at the provider, owed to the client as a credit. Once per charge. */
async function fundWallet(trx: Trx, arrival: Arrival): Promise<void> {
  const { payment, amountMinor, currency, chargeRef } = arrival;
  if (payment.method === 'wallet') return;
  const wallet = clientWallet(payment.clientId, currency);
  const isNew = await post(trx, {
    idempotencyKey: `fund:${payment.method}:${chargeRef ?? payment.id}`,
    kind: payment.purpose === 'top_up' ? 'top_up' : 'fund',
    appointmentId: payment.appointmentId,
    paymentId: payment.id,
    postings: [
      { account: clearing(payment.method, currency), amountMinor: -amountMinor },
      { account: wallet, amountMinor },
    ],
  });
  if (!isNew) return;
  const kind = payment.purpose === 'top_up' ? 'top_up' : 'payment';
  await addLot(trx, wallet, { kind, paymentId: payment.id, amountMinor });
  await trx
    .updateTable('payment')
    .set({ capturedMinor: sql`captured_minor + ${amountMinor}` })
    .where('id', '=', payment.id)
    .execute();
}

async function setPayment(
  trx: Trx,
  payment: Payment,
  status: 'completed' | 'refunded' | 'partially_refunded',
  chargeRef: string | null,
): Promise<void> {
  await trx
    .updateTable('payment')
    .set({ status, chargeRef: chargeRef ?? payment.chargeRef, failureCode: null, updatedAt: sql`clock_timestamp()` })
    .where('id', '=', payment.id)
    .execute();
}

/** A top-up has arrived: it is the wallet's. A repeat of the charge does nothing. */
export async function completeTopUp(trx: Trx, arrival: Arrival): Promise<void> {
  await fundWallet(trx, arrival);
  await setPayment(trx, arrival.payment, 'completed', arrival.chargeRef);
}

/** Fund and hold in one transaction. The wallet's hold was placed by the request that paid. */
export async function fundAndHold(trx: Trx, record: AppointmentRecord, arrival: Arrival): Promise<void> {
  await fundWallet(trx, arrival);
  if (arrival.payment.method !== 'wallet') {
    const { clientId, id, priceMinor, currency } = record;
    const paymentId = arrival.payment.id;
    const hold = { appointmentId: id, paymentId, clientId, amountMinor: priceMinor, currency, ofPayment: true };
    const held = (await takeOverHold(trx, hold)) || (await placeHold(trx, hold));
    if (!held) throw new Error(`the money just funded for ${id} is not available`);
  }
  await setPayment(trx, arrival.payment, 'completed', arrival.chargeRef);
}

/** Late or unasked money never books: the wallet's hold is voided, a provider's goes back to its source. */
export async function returnLateMoney(trx: Trx, record: AppointmentRecord, arrival: Arrival): Promise<void> {
  const { payment, amountMinor, currency, chargeRef } = arrival;
  if (payment.method === 'wallet') {
    const hold = await trx.selectFrom('hold').where('paymentId', '=', payment.id).select('status').executeTakeFirst();
    if (hold !== undefined)
      await releaseMoney(trx, record, { chargeMinor: 0, refundTo: 'wallet', reason: 'late_money', actor: SYSTEM });
    else await setPayment(trx, payment, 'refunded', null); // its hold was taken over by money that came first
    return;
  }
  await fundWallet(trx, arrival);
  await setPayment(trx, payment, 'completed', chargeRef);
  await requestRefund(trx, {
    payment,
    appointmentId: record.id,
    amountMinor,
    currency,
    reason: 'late_money',
    actor: SYSTEM,
  });
}

/** What becomes of the held price when the appointment ends. */
export interface Release {
  /** What is charged of it, split like the price; the rest comes back. */
  chargeMinor: number | 'all';
  /** Where the rest goes: to the source that paid (wallet to wallet), or, by the client's wish, to the wallet. */
  refundTo: 'source' | 'wallet';
  reason: string;
  actor: Actor;
}

/** Resolves the hold: charges a part, returns the rest, all in the transaction that ends the appointment. Once. */
export async function releaseMoney(trx: Trx, record: AppointmentRecord, release: Release): Promise<void> {
  const resolved = await resolveHold(trx, record, release.chargeMinor);
  if (resolved === null || resolved.returnedMinor === 0) return;
  const { hold, returnedMinor } = resolved;
  const payment = await trx
    .selectFrom('payment')
    .where('id', '=', hold.paymentId)
    .selectAll()
    .executeTakeFirstOrThrow();
  const { reason, actor } = release;
  const { currency } = hold;
  const request = { payment, appointmentId: record.id, amountMinor: returnedMinor, currency, reason, actor };
  if (payment.method !== 'wallet' && release.refundTo === 'source') {
    await requestRefund(trx, request);
    return;
  }
  if (payment.method !== 'wallet') await turnIntoRefund(trx, payment.id);
  await noteWalletRefund(trx, request);
  await setPayment(trx, payment, returnedMinor === hold.amountMinor ? 'refunded' : 'partially_refunded', null);
}

/** The payment to show: the one that paid, else the latest try. */
export function currentPayment(db: Db, appointmentId: string): Promise<AppointmentPayment | undefined> {
  return db
    .selectFrom('payment')
    .innerJoin('appointment', 'appointment.id', 'payment.appointmentId')
    .where('payment.appointmentId', '=', appointmentId)
    .selectAll('payment')
    .$narrowType<{ appointmentId: NotNull }>()
    .orderBy(sql`payment.id = appointment.paid_payment_id`, 'desc')
    .orderBy('payment.createdAt', 'desc')
    .limit(1)
    .executeTakeFirst();
}
