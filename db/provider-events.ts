import { sql } from 'kysely';
import type { Db, Trx } from './database.js';
import type { JsonObject } from './json.js';
import { storeMessage } from './messages.js';
import { completeTopUp, isForAppointment, type AppointmentPayment, type Payment } from './payments.js';

/** What a verified provider event says of one of our payment objects. */
export interface PaymentNews {
  status: 'open' | 'requires_action' | 'processing' | 'authorized' | 'succeeded' | 'failed' | 'canceled';
  providerRef: string;
  /** Our payment id from the object's metadata; finds the row even before `provider_ref` was written. */
  paymentId: string | null;
  amountMinor: number;
  currency: string;
  chargeRef: string | null;
  failureCode: string | null;
}

export interface ProviderEvent {
  provider: 'stripe' | 'razorpay' | 'twilio';
  eventId: string;
  type: string;
  payload: JsonObject;
}

/** A stored message that the caller should signal at once. */
export interface ToSignal {
  appointmentId: string;
  messageId: string;
}

/**
 * Stores a verified event before it is acknowledged, and in the same transaction what it means: the payment's status,
 * or the message that its money has arrived. A repeat of an event changes nothing; one that names no payment of ours
 * stays in the inbox unhandled. @returns the message to signal, if there is one
 */
export async function storePaymentEvent(
  db: Db,
  event: ProviderEvent,
  news: PaymentNews | null,
): Promise<ToSignal | null> {
  return db.transaction().execute(async (trx) => {
    const payment = news === null ? null : await lockPayment(trx, news);
    const inserted = await trx
      .insertInto('providerEvent')
      .values({
        ...event,
        payload: JSON.stringify(event.payload),
        paymentId: payment?.id ?? null,
        handledAt: payment === null ? null : sql`clock_timestamp()`,
      })
      .onConflict((conflict) => conflict.columns(['provider', 'eventId']).doNothing())
      .returning('eventId')
      .executeTakeFirst();
    if (inserted === undefined || payment === null || news === null) return null;
    return recordNews(trx, payment, news, event.provider);
  });
}

/** What a question to the provider brought, recorded as an event would be. @returns the message to work off, if any */
export async function recordProviderAnswer(
  db: Db,
  news: PaymentNews,
  provider: 'stripe' | 'razorpay',
): Promise<ToSignal | null> {
  return db.transaction().execute(async (trx) => {
    const payment = await lockPayment(trx, news);
    return payment === null ? null : recordNews(trx, payment, news, provider);
  });
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

async function lockPayment(trx: Trx, { paymentId, providerRef }: PaymentNews): Promise<Payment | null> {
  const ours = paymentId !== null && isUuid(paymentId) ? paymentId : null;
  const row = await trx
    .selectFrom('payment')
    .where((eb) => eb.or([eb('providerRef', '=', providerRef), ...(ours === null ? [] : [eb('id', '=', ours)])]))
    .selectAll()
    .orderBy(sql`provider_ref is not distinct from ${providerRef}`, 'desc')
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

async function recordNews(trx: Trx, payment: Payment, news: PaymentNews, provider: string): Promise<ToSignal | null> {
  if (payment.method !== provider) return null;
  if (payment.providerRef === null) await adopt(trx, payment.id, news.providerRef);
  if (news.status === 'succeeded') {
    if (isForAppointment(payment)) return settledMessage(trx, payment, news, provider);
    await topUpArrived(trx, payment, news);
    return null;
  }
  if (payment.providerRef !== null && payment.providerRef !== news.providerRef) return null; // another object's try
  const stillOpen = payment.status === 'pending' || payment.status === 'processing' || payment.status === 'failed';
  if (!stillOpen) return null; // events come in any order: an older one never takes back a newer one
  const status =
    news.status === 'failed' || news.status === 'canceled'
      ? 'failed'
      : news.status === 'open'
        ? payment.status
        : 'processing';
  const failureCode =
    news.status === 'canceled' ? 'canceled' : status === 'failed' ? (news.failureCode ?? 'failed') : null;
  await trx
    .updateTable('payment')
    .set({
      status,
      failureCode,
      providerRef: payment.providerRef ?? news.providerRef,
      updatedAt: sql`clock_timestamp()`,
    })
    .where('id', '=', payment.id)
    .execute();
  return null;
}

/** The provider's object was made, and its answer lost: from now on the row knows it. */
async function adopt(trx: Trx, paymentId: string, providerRef: string): Promise<void> {
  await trx.updateTable('payment').set({ providerRef }).where('id', '=', paymentId).execute();
}

/** A top-up needs no workflow: it is the wallet's in the transaction that stores the event. Once a charge. */
async function topUpArrived(trx: Trx, payment: Payment, news: PaymentNews): Promise<void> {
  const { amountMinor, currency } = news;
  const chargeRef = news.chargeRef ?? news.providerRef;
  const funded = await trx
    .selectFrom('ledgerTransaction')
    .where('idempotencyKey', '=', `fund:${payment.method}:${chargeRef}`)
    .select('id')
    .executeTakeFirst();
  if (funded === undefined) await completeTopUp(trx, { payment, amountMinor, currency, chargeRef });
}

/** One message a charge, however many events tell of it. */
async function settledMessage(
  trx: Trx,
  payment: AppointmentPayment,
  news: PaymentNews,
  provider: string,
): Promise<ToSignal | null> {
  const { appointmentId } = payment;
  const chargeRef = news.chargeRef ?? news.providerRef;
  const known = await trx
    .selectFrom('message')
    .where('appointmentId', '=', appointmentId)
    .where('kind', '=', 'payment_settled')
    .where(sql<boolean>`payload ->> 'chargeRef' = ${chargeRef}`)
    .select('id')
    .executeTakeFirst();
  if (known !== undefined) return null;
  const messageId = await storeMessage(trx, {
    appointmentId,
    kind: 'payment_settled',
    actor: { role: 'provider', id: null },
    payload: { paymentId: payment.id, amountMinor: news.amountMinor, currency: news.currency, chargeRef, provider },
    signal: true,
  });
  return { appointmentId, messageId };
}

/** Provider payments of an appointment that might still be, or have been, paid. */
export function openProviderPayments(db: Db, appointmentId: string): Promise<Payment[]> {
  return db
    .selectFrom('payment')
    .where('appointmentId', '=', appointmentId)
    .where('method', '<>', 'wallet')
    .where('status', 'in', ['pending', 'processing', 'failed'])
    .selectAll()
    .execute();
}
