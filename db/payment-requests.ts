import { sql, type NotNull } from 'kysely';
import { advance } from '../domain/advance.js';
import { deadlinesOf } from '../domain/deadlines.js';
import { Refused } from '../domain/refusals.js';
import { isTerminal, type PaymentMethod } from '../domain/types.js';
import { lockAppointment, type LoadedAppointment } from './appointment-record.js';
import type { Db, Trx } from './database.js';
import { placeHold } from './holds.js';
import { storeMessage } from './messages.js';
import type { AppointmentPayment } from './payments.js';

/** Checks, under the row's lock, that this appointment still waits for its money. @throws Refused */
async function lockPayable(trx: Trx, appointmentId: string): Promise<LoadedAppointment> {
  const loaded = await lockAppointment(trx, appointmentId);
  if (loaded === null) throw new Refused('unknown_appointment');
  const { record, now } = loaded;
  const { record: seen } = advance(record, now);
  if (record.paidAt !== null || record.hold !== 'none') throw new Refused('already_paid');
  if (seen.status === 'expired' || now >= deadlinesOf(record).payBy) throw new Refused('payment_window_over');
  if (isTerminal(seen.status)) throw new Refused('already_over');
  return loaded;
}

/** What a repeat of a wallet payment's id finds: the payment that its first try made. */
async function paidBefore(
  trx: Trx,
  appointmentId: string,
  paymentId: string,
): Promise<{ payment: AppointmentPayment; messageId: string } | null> {
  const payment = await trx
    .selectFrom('payment')
    .where('id', '=', paymentId)
    .where('appointmentId', '=', appointmentId)
    .selectAll()
    .$narrowType<{ appointmentId: NotNull }>()
    .executeTakeFirst();
  if (payment === undefined) return null;
  const message = await trx
    .selectFrom('message')
    .where('appointmentId', '=', appointmentId)
    .where(sql<boolean>`payload ->> 'paymentId' = ${paymentId}`)
    .select('id')
    .executeTakeFirstOrThrow();
  return { payment, messageId: message.id };
}

/**
 * Pays from the wallet: hold, payment and outbox row together. `paymentId` is fixed by the request, so that its repeat
 * meets the payment. @returns the payment and the message to signal.
 * @throws Refused `insufficient_funds`, `already_paid`, `payment_window_over`
 */
export async function payByWallet(
  db: Db,
  appointmentId: string,
  paymentId?: string,
): Promise<{ payment: AppointmentPayment; messageId: string }> {
  return db.transaction().execute(async (trx) => {
    const before = paymentId === undefined ? null : await paidBefore(trx, appointmentId, paymentId);
    if (before !== null) return before;
    const { record } = await lockPayable(trx, appointmentId);
    const { clientId, priceMinor, currency } = record;
    const payment = await trx
      .insertInto('payment')
      .values({
        ...(paymentId === undefined ? {} : { id: paymentId }),
        appointmentId,
        clientId,
        method: 'wallet',
        status: 'completed',
        amountMinor: priceMinor,
        currency,
      })
      .returningAll()
      .$narrowType<{ appointmentId: NotNull }>()
      .executeTakeFirstOrThrow();
    const held = await placeHold(trx, {
      appointmentId,
      paymentId: payment.id,
      clientId,
      amountMinor: priceMinor,
      currency,
      ofPayment: false,
    });
    if (!held) throw new Refused('insufficient_funds');
    const messageId = await storeMessage(trx, {
      appointmentId,
      kind: 'payment_settled',
      actor: { role: 'client', id: clientId },
      payload: { paymentId: payment.id, amountMinor: priceMinor, currency, chargeRef: null },
      signal: true,
    });
    return { payment, messageId };
  });
}

/**
 * Starts a try by a provider, or meets the open one of the same method, so that two clicks make one checkout. The row
 * comes before the provider's object: a webhook always finds it. @throws Refused `already_paid`, `payment_window_over`
 */
export async function startProviderPayment(
  db: Db,
  appointmentId: string,
  method: Exclude<PaymentMethod, 'wallet'>,
): Promise<AppointmentPayment> {
  return db.transaction().execute(async (trx) => {
    const { record } = await lockPayable(trx, appointmentId);
    const open = await trx
      .selectFrom('payment')
      .where('appointmentId', '=', appointmentId)
      .where('method', '=', method)
      .where('status', 'in', ['pending', 'processing', 'failed'])
      .selectAll()
      .$narrowType<{ appointmentId: NotNull }>()
      .orderBy('createdAt', 'desc')
      .executeTakeFirst();
    if (open !== undefined && open.failureCode !== CANCELED) return open;
    return trx
      .insertInto('payment')
      .values({
        appointmentId,
        clientId: record.clientId,
        method,
        amountMinor: record.priceMinor,
        currency: record.currency,
      })
      .returningAll()
      .$narrowType<{ appointmentId: NotNull }>()
      .executeTakeFirstOrThrow();
  });
}

/** Failure code of an object that can never be paid any more. */
export const CANCELED = 'canceled';

/** Remembers the provider's object of a try. */
export async function setProviderRef(db: Db, paymentId: string, providerRef: string): Promise<void> {
  await db
    .updateTable('payment')
    .set({ providerRef, updatedAt: sql`clock_timestamp()` })
    .where('id', '=', paymentId)
    .execute();
}
