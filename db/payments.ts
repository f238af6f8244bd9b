import { sql, type Selectable } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import { clearing, clientWallet } from './accounts.js';
import type { Db, Trx } from './database.js';
import { placeHold, takeOverHold, voidHold } from './holds.js';
import type { JsonObject } from './json.js';
import { post } from './ledger.js';
import type { PaymentTable } from './schema.js';

export type Payment = Selectable<PaymentTable>;

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

/** Provider money becomes the client's: an asset at the provider, owed to the client. Once per charge. */
async function fundWallet(
  trx: Trx,
  record: AppointmentRecord,
  { payment, amountMinor, currency, chargeRef }: Arrival,
): Promise<void> {
  if (payment.method === 'wallet') return;
  await post(trx, {
    idempotencyKey: `fund:${payment.method}:${chargeRef ?? payment.id}`,
    kind: 'fund',
    appointmentId: record.id,
    paymentId: payment.id,
    postings: [
      { account: clearing(payment.method, currency), amountMinor: -amountMinor },
      { account: clientWallet(record.clientId, currency), amountMinor },
    ],
  });
}

async function setPayment(
  trx: Trx,
  payment: Payment,
  status: 'completed' | 'refunded',
  chargeRef: string | null,
): Promise<void> {
  await trx
    .updateTable('payment')
    .set({ status, chargeRef: chargeRef ?? payment.chargeRef, failureCode: null, updatedAt: sql`clock_timestamp()` })
    .where('id', '=', payment.id)
    .execute();
}

/** Fund and hold in one transaction. The wallet's hold was placed by the request that paid. */
export async function fundAndHold(trx: Trx, record: AppointmentRecord, arrival: Arrival): Promise<void> {
  await fundWallet(trx, record, arrival);
  if (arrival.payment.method !== 'wallet') {
    const { clientId, id, priceMinor, currency } = record;
    const hold = { appointmentId: id, paymentId: arrival.payment.id, clientId, amountMinor: priceMinor, currency };
    const held = (await takeOverHold(trx, id, arrival.payment.id)) || (await placeHold(trx, hold));
    if (!held) throw new Error(`the money just funded for ${id} is not available`);
  }
  await setPayment(trx, arrival.payment, 'completed', arrival.chargeRef);
}

/** Late or unasked money never books: the wallet's hold is voided, provider money becomes the client's credit. */
export async function returnLateMoney(trx: Trx, record: AppointmentRecord, arrival: Arrival): Promise<void> {
  if (arrival.payment.method === 'wallet') {
    const hold = await trx
      .selectFrom('hold')
      .where('paymentId', '=', arrival.payment.id)
      .select('status')
      .executeTakeFirst();
    if (hold !== undefined) await voidHold(trx, record);
    else await setPayment(trx, arrival.payment, 'refunded', null); // its hold was taken over by money that came first
    return;
  }
  await fundWallet(trx, record, arrival);
  await setPayment(trx, arrival.payment, 'refunded', arrival.chargeRef);
}

/** The payment to show: the one that paid, else the latest try. */
export function currentPayment(db: Db, appointmentId: string): Promise<Payment | undefined> {
  return db
    .selectFrom('payment')
    .innerJoin('appointment', 'appointment.id', 'payment.appointmentId')
    .where('payment.appointmentId', '=', appointmentId)
    .selectAll('payment')
    .orderBy(sql`payment.id = appointment.paid_payment_id`, 'desc')
    .orderBy('payment.createdAt', 'desc')
    .limit(1)
    .executeTakeFirst();
}
