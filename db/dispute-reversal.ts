import { sql } from 'kysely';
import type { Actor } from '../domain/types.js';
import { disputeLoss, platformFee, therapistPayable } from './accounts.js';
import { loadAppointment } from './appointment-record.js';
import type { Db, Trx } from './database.js';
import { borneSoFar } from './dispute-money.js';
import { reverseEarning } from './earning-entries.js';
import { post } from './ledger.js';
import type { Payment } from './payments.js';
import { writeNote } from './notes.js';
import { writeTimeline } from './timeline.js';

export type EarningsReversal =
  | { outcome: 'reversed'; currency: string; grossMinor: number; feeMinor: number; netMinor: number }
  | { outcome: 'dispute_not_found' | 'dispute_not_lost' | 'nothing_to_reverse' };

/**
 * An admin lets the therapist and the platform's fee bear a lost dispute instead of the platform alone: as much of the
 * session's earning as the dispute cost, once. After a payout the payable may become negative; later earnings repay it.
 */
export async function reverseDisputedEarnings(
  db: Db,
  disputeId: string,
  by: { actor: Actor; reason: string },
): Promise<EarningsReversal> {
  return db.transaction().execute(async (trx) => {
    const found = await trx.selectFrom('dispute').where('id', '=', disputeId).selectAll().executeTakeFirst();
    if (found === undefined) return { outcome: 'dispute_not_found' };
    if (found.status !== 'lost') return { outcome: 'dispute_not_lost' };
    const payment = await lockPayment(trx, found.paymentId);
    if (payment.appointmentId === null) return { outcome: 'nothing_to_reverse' };
    const { lossMinor } = await borneSoFar(trx, payment, found.currency);
    const grossMinor = Math.min(lossMinor, await earnedLeft(trx, payment.appointmentId));
    if (grossMinor <= 0) return { outcome: 'nothing_to_reverse' };
    return reverse(trx, payment, { ...by, disputeId, appointmentId: payment.appointmentId, grossMinor });
  });
}

/** What the session still earns gross, after earlier reversals. */
async function earnedLeft(trx: Trx, appointmentId: string): Promise<number> {
  const { minor } = await trx
    .selectFrom('earningEntry')
    .where('appointmentId', '=', appointmentId)
    .where('kind', 'in', ['session', 'reversal'])
    .select(sql<number>`coalesce(sum(gross_minor), 0)::bigint`.as('minor'))
    .executeTakeFirstOrThrow();
  return minor;
}

async function lockPayment(trx: Trx, paymentId: string): Promise<Payment> {
  const { appointmentId } = await trx
    .selectFrom('payment')
    .where('id', '=', paymentId)
    .select('appointmentId')
    .executeTakeFirstOrThrow();
  if (appointmentId !== null)
    await trx.selectFrom('appointment').where('id', '=', appointmentId).select('id').forNoKeyUpdate().execute();
  return trx.selectFrom('payment').where('id', '=', paymentId).selectAll().forNoKeyUpdate().executeTakeFirstOrThrow();
}

async function reverse(
  trx: Trx,
  payment: Payment,
  asked: { disputeId: string; appointmentId: string; grossMinor: number; actor: Actor; reason: string },
): Promise<EarningsReversal> {
  const { disputeId, appointmentId, grossMinor, actor, reason } = asked;
  const reversed = await reverseEarning(trx, { appointmentId, amountMinor: grossMinor });
  if (reversed === null) return { outcome: 'nothing_to_reverse' };
  const { entryId, therapistId, currency, feeMinor, netMinor } = reversed;
  await post(trx, {
    idempotencyKey: `earnings_reversed:${entryId}`,
    kind: 'earnings_reversed',
    appointmentId,
    paymentId: payment.id,
    postings: [
      { account: therapistPayable(therapistId, currency), amountMinor: -netMinor },
      { account: platformFee(currency, appointmentId), amountMinor: -feeMinor },
      { account: disputeLoss(currency), amountMinor: grossMinor },
    ],
  });
  const loaded = await loadAppointment(trx, appointmentId);
  const note = { id: entryId, appointmentId, authorId: actor.id, text: reason };
  const detail = { disputeId, reason: await writeNote(trx, note), grossMinor, feeMinor, netMinor, currency };
  await writeTimeline(trx, loaded!.record, [{ kind: 'earnings_reversed', actor, due: null, detail }]);
  return { outcome: 'reversed', currency, grossMinor, feeMinor, netMinor };
}
