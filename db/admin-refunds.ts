import { sql } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import { Refused } from '../domain/refusals.js';
import { isTerminal, type Actor } from '../domain/types.js';
import { clientWallet, platformFee, refundPending, therapistPayable } from './accounts.js';
import { lockAppointment, saveRecord } from './appointment-record.js';
import { databaseNow } from './clock.js';
import type { Db, Trx } from './database.js';
import { hasOpenDispute } from './disputes.js';
import { reverseEarning } from './earning-entries.js';
import { lockAccounts, post } from './ledger.js';
import { addLot } from './lots.js';
import { writeNote } from './notes.js';
import { writeNotifications } from './notification-rows.js';
import type { Payment } from './payments.js';
import { noteWalletRefund, requestRefund } from './refund-requests.js';
import type { Refund } from './refunds.js';
import { writeTimeline } from './timeline.js';

/** An admin returns what a session was charged, all or a part of it, after its end. */
export interface AdminRefund {
  /** The refund's id, fixed by the request: a repeat meets the first. */
  id: string;
  appointmentId: string;
  /** Null: all that is left. */
  amountMinor: number | null;
  /** In clear; kept as a note. */
  reason: string;
  actor: Actor;
}

/**
 * Takes the earnings back, rounded on the cumulative total, and sends the money to the source that paid; a wallet's
 * payer gets it on the wallet. Locks appointment, payment, earning, accounts.
 * @throws Refused `unknown_appointment`, `not_completed`, `refund_disputed`; `amount_too_large` with `refundableMinor`
 */
export async function refundAfterEnd(db: Db, wish: AdminRefund): Promise<Refund> {
  return db.transaction().execute(async (trx) => {
    const loaded = await lockAppointment(trx, wish.appointmentId);
    if (loaded === null) throw new Refused('unknown_appointment');
    const { record, row } = loaded;
    const first = await readRefund(trx, wish.id);
    if (first !== undefined) return first;
    if (!isTerminal(record.status)) throw new Refused('not_completed');
    const payment = await lockSource(trx, record.id);
    if (payment !== undefined && (await hasOpenDispute(trx, payment.id))) throw new Refused('refund_disputed');
    const refundableMinor = payment === undefined ? 0 : await refundable(trx, record.id, payment);
    const amountMinor = wish.amountMinor ?? refundableMinor;
    if (payment === undefined || amountMinor <= 0 || amountMinor > refundableMinor)
      throw new Refused('amount_too_large', { refundableMinor });
    await takeBack(trx, record, payment, amountMinor);
    const note = { id: wish.id, appointmentId: record.id, authorId: wish.actor.id, text: wish.reason };
    await giveBack(trx, record, payment, { ...wish, reason: await writeNote(trx, note), amountMinor });
    await saveRecord(trx, record, row.paidPaymentId);
    return (await readRefund(trx, wish.id))!;
  });
}

function readRefund(trx: Trx, id: string): Promise<Refund | undefined> {
  return trx.selectFrom('refund').where('id', '=', id).selectAll().executeTakeFirst();
}

/** The payment behind the settled hold. */
function lockSource(trx: Trx, appointmentId: string): Promise<Payment | undefined> {
  return trx
    .selectFrom('payment')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('hold')
        .where('appointmentId', '=', appointmentId)
        .where('status', '=', 'settled')
        .select('paymentId'),
    )
    .selectAll()
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** What was charged and not reversed since; of a card never more than the provider still has of the payment. */
async function refundable(trx: Trx, appointmentId: string, payment: Payment): Promise<number> {
  const { leftMinor } = await trx
    .selectFrom('earningEntry')
    .where('appointmentId', '=', appointmentId)
    .select(sql<number>`coalesce(sum(gross_minor), 0)::bigint`.as('leftMinor'))
    .executeTakeFirstOrThrow();
  if (payment.method === 'wallet') return leftMinor;
  const { capturedMinor, refundedMinor, refundingMinor, disputedMinor } = payment;
  return Math.min(leftMinor, capturedMinor - refundedMinor - refundingMinor - disputedMinor);
}

/** The therapist's net and the platform's fee become the client's again. */
async function takeBack(trx: Trx, record: AppointmentRecord, payment: Payment, amountMinor: number): Promise<void> {
  const { id: appointmentId, clientId, therapistId, currency } = record;
  const reversed = await reverseEarning(trx, { appointmentId, amountMinor });
  if (reversed === null) throw new Error(`appointment ${appointmentId} was charged and earned nothing`);
  const wallet = clientWallet(clientId, currency);
  const [payable, fee] = [therapistPayable(therapistId, currency), platformFee(currency, appointmentId)];
  await lockAccounts(trx, [wallet, payable, fee, refundPending(currency)]);
  await post(trx, {
    idempotencyKey: `earnings_reversed:${reversed.entryId}`,
    kind: 'earnings_reversed',
    appointmentId,
    paymentId: payment.id,
    postings: [
      { account: payable, amountMinor: -reversed.netMinor },
      { account: fee, amountMinor: -reversed.feeMinor },
      { account: wallet, amountMinor },
    ],
  });
  await addLot(trx, wallet, { kind: 'refund', paymentId: payment.id, amountMinor });
}

async function giveBack(
  trx: Trx,
  record: AppointmentRecord,
  payment: Payment,
  { id, amountMinor, reason, actor }: AdminRefund & { amountMinor: number },
): Promise<void> {
  const { id: appointmentId, currency } = record;
  const request = { id, payment, appointmentId, amountMinor, currency, reason, actor };
  const to = payment.method === 'wallet' ? 'wallet' : 'source';
  const detail = { amountMinor, currency, to, reason };
  await writeTimeline(trx, record, [{ kind: 'refunded', actor, due: null, detail }]);
  if (to === 'source') {
    await requestRefund(trx, request); // the client is told when it arrives
    return;
  }
  await noteWalletRefund(trx, request);
  await trx
    .updateTable('payment')
    .set({
      status: sql`case when ${amountMinor} = amount_minor or not exists (
          select 1 from earning_entry where appointment_id = ${appointmentId} having sum(gross_minor) > 0)
        then 'refunded' else 'partially_refunded' end`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where('id', '=', payment.id)
    .execute();
  await writeNotifications(trx, record, {
    kind: 'refund_completed',
    to: ['client'],
    notBefore: await databaseNow(trx),
  });
}
