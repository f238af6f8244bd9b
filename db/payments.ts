import { sql, type NotNull, type Selectable } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import { SYSTEM, type Actor } from '../domain/types.js';
import {
  clearing,
  clientReceivable,
  clientWallet,
  disputeLoss,
  platformFee,
  refundPending,
  therapistPayable,
  type Account,
} from './accounts.js';
import type { Db, Trx } from './database.js';
import { recoverLosses } from './dispute-money.js';
import { type Hold, placeHold, resolveHold, takeOverHold } from './holds.js';
import type { JsonObject } from './json.js';
import { lockAccounts, post } from './ledger.js';
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
  const wallet = clientWallet(payment.clientId, currency);
  await lockAccounts(trx, [wallet, clearing(payment.method, currency), refundPending(currency)]); // at once, in order
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

/**
 * Resolves the hold: charges a part, returns the rest, all in the transaction that ends the appointment. Once. What a
 * bank holds or took back in a dispute can't go back to the source as well: it stays in the wallet, and pays what a
 * lost dispute has cost. @returns whether the whole price was charged, and so nothing but the hold has changed
 */
export async function releaseMoney(
  trx: Trx,
  record: AppointmentRecord,
  release: Release,
): Promise<'all_charged' | 'other'> {
  const payment = await heldPayment(trx, record.id);
  if (payment === undefined) return 'other';
  const disputed = payment.hasDisputes ? await disputedBehind(trx, record.id).orderBy('id').selectAll().execute() : [];
  await lockAccounts(trx, accountsOf(record, release, disputed));
  const resolved = await resolveHold(trx, record, release.chargeMinor);
  if (resolved === null) return 'other';
  if (resolved.returnedMinor === 0) return 'all_charged';
  await giveBack(trx, record, release, { ...resolved, payment, disputed });
  return 'other';
}

interface GivenBack {
  hold: Hold;
  payment: Payment;
  disputed: readonly Payment[];
  returnedMinor: number;
}

async function giveBack(
  trx: Trx,
  record: AppointmentRecord,
  release: Release,
  { hold, payment, disputed, returnedMinor }: GivenBack,
): Promise<void> {
  const { reason, actor, refundTo } = release;
  const { currency } = hold;
  const request = { payment, appointmentId: record.id, currency, reason, actor };
  const toSourceMinor = refundTo === 'source' ? Math.min(returnedMinor, refundableMinor(payment)) : 0;
  if (toSourceMinor > 0) await requestRefund(trx, { ...request, amountMinor: toSourceMinor });
  let toWalletMinor = returnedMinor - toSourceMinor;
  if (toWalletMinor === 0) return;
  if (payment.method !== 'wallet') await turnIntoRefund(trx, payment.id);
  for (const one of disputed) toWalletMinor -= await recoverLosses(trx, one);
  if (toWalletMinor > 0) await noteWalletRefund(trx, { ...request, amountMinor: toWalletMinor });
  if (payment.disputedMinor > 0) return; // its status is the dispute's
  await setPayment(trx, payment, returnedMinor === hold.amountMinor ? 'refunded' : 'partially_refunded', null);
}

/** What of a payment can still go back to its source; a wallet's has none. */
function refundableMinor({ method, capturedMinor, refundedMinor, refundingMinor, disputedMinor }: Payment): number {
  return method === 'wallet' ? 0 : capturedMinor - refundedMinor - refundingMinor - disputedMinor;
}

function heldPayment(trx: Trx, appointmentId: string) {
  return trx
    .selectFrom('payment as p')
    .innerJoin('hold as h', 'h.paymentId', 'p.id')
    .where('h.appointmentId', '=', appointmentId)
    .where('h.status', '=', 'held')
    .selectAll('p')
    .select((eb) => eb.exists(disputedBehind(trx, appointmentId).select('id')).as('hasDisputes'))
    .executeTakeFirst();
}

/** Payments whose credits the hold consists of and of which a bank holds, or took back, something. */
function disputedBehind(trx: Trx, appointmentId: string) {
  const used = trx
    .selectFrom('lotUse')
    .innerJoin('walletLot', 'walletLot.id', 'lotUse.lotId')
    .where('lotUse.appointmentId', '=', appointmentId)
    .select('walletLot.paymentId');
  return trx.selectFrom('payment').where('disputedMinor', '>', 0).where('id', 'in', used);
}

/**
 * All accounts that a release may move, to be locked at once: taken one after the other they might deadlock. The one of
 * refunds is everybody's: a session that was held, where nothing goes back, leaves it alone.
 */
function accountsOf(record: AppointmentRecord, { chargeMinor }: Release, disputed: readonly Payment[]): Account[] {
  const { id, clientId, therapistId, currency } = record;
  return [
    clientWallet(clientId, currency),
    therapistPayable(therapistId, currency),
    platformFee(currency, id),
    ...(chargeMinor === 'all' ? [] : [refundPending(currency)]),
    ...(disputed.length > 0 ? [clientReceivable(clientId, currency), disputeLoss(currency)] : []),
  ];
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
