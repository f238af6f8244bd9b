import { sql } from 'kysely';
import { reversalOf } from '../domain/earnings.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { Trx } from './database.js';
import { sendAhead } from './patience.js';

/** What moves a therapist's earnings beside payouts. The ledger's postings go with each, in the same transaction. */

/**
 * A session's earning as it was settled: payable the policy's delay after the appointment was over, however late that was
 * written down, and frozen from the start where its payment is disputed. Written with the ledger's `settle`, and sent
 * together with the transaction's next statement.
 */
export async function recordEarning(
  trx: Trx,
  record: AppointmentRecord,
  { grossMinor, feeMinor }: { grossMinor: number; feeMinor: number },
): Promise<void> {
  const { id, therapistId, currency, policy, outcome } = record;
  const delayMs = policy.earningsDelayMinutes * policy.minuteMs;
  const overAt = outcome === null ? sql`clock_timestamp()` : sql`${new Date(outcome.at)}::timestamptz`;
  const entry = trx
    .insertInto('earningEntry')
    .values({
      therapistId,
      appointmentId: id,
      kind: 'session',
      grossMinor,
      feeMinor,
      netMinor: grossMinor - feeMinor,
      currency,
      payableAt: sql<Date>`${overAt} + ${delayMs} * interval '1 millisecond'`,
      frozenBy: sql<string | null>`(select d.id from dispute d join payment p on p.id = d.payment_id
        where p.appointment_id = ${id} and d.status = 'open' order by d.id limit 1)`,
    })
    .compile();
  await sendAhead(trx, entry);
}

/** What a reversal takes back: post it as payable -net, fee -fee, and the sum where it goes. Positive minor units. */
export interface ReversedEarning {
  /** The reversal's entry: for the ledger's key `earnings_reversed:<entryId>`. */
  entryId: string;
  therapistId: string;
  currency: string;
  feeMinor: number;
  netMinor: number;
}

/**
 * Writes the reversal of `amountMinor` (> 0) of what a session earned gross; rounded on the cumulative total. It becomes
 * payable with the session's own entry, so a session that is not paid out yet nets at once, and one that is makes later
 * earnings repay it. @returns null where the session earned nothing. @throws RangeError when more than is left is asked
 */
export async function reverseEarning(
  trx: Trx,
  { appointmentId, amountMinor }: { appointmentId: string; amountMinor: number },
): Promise<ReversedEarning | null> {
  const session = await trx
    .selectFrom('earningEntry')
    .where('appointmentId', '=', appointmentId)
    .where('kind', '=', 'session')
    .selectAll()
    .forUpdate() // two reversals of one session come one after the other
    .executeTakeFirst();
  if (session === undefined) return null;
  const reversed = await reversedSoFar(trx, appointmentId);
  const { grossMinor, feeMinor, therapistId, currency, payableAt, frozenBy } = session;
  const part = reversalOf(grossMinor, feeMinor, reversed.grossMinor, reversed.feeMinor, amountMinor);
  const { id: entryId } = await trx
    .insertInto('earningEntry')
    .values({
      therapistId,
      appointmentId,
      kind: 'reversal',
      grossMinor: -amountMinor,
      feeMinor: -part.feeMinor,
      netMinor: -part.netMinor,
      currency,
      payableAt,
      frozenBy: session.payoutId === null ? frozenBy : null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { entryId, therapistId, currency, ...part };
}

/** What of a session's gross was reversed so far, with its fee; positive minor units. */
async function reversedSoFar(trx: Trx, appointmentId: string): Promise<{ grossMinor: number; feeMinor: number }> {
  return trx
    .selectFrom('earningEntry')
    .where('appointmentId', '=', appointmentId)
    .where('kind', '=', 'reversal')
    .select([
      sql<number>`coalesce(-sum(gross_minor), 0)::bigint`.as('grossMinor'),
      sql<number>`coalesce(-sum(fee_minor), 0)::bigint`.as('feeMinor'),
    ])
    .executeTakeFirstOrThrow();
}

/** While the dispute is open, what the appointment earned and is not paid out yet stays where it is. */
export async function freezeEarnings(trx: Trx, disputeId: string, appointmentId: string): Promise<void> {
  await trx
    .updateTable('earningEntry')
    .set({ frozenBy: disputeId })
    .where('appointmentId', '=', appointmentId)
    .where('payoutId', 'is', null)
    .where('frozenBy', 'is', null)
    .execute();
}

/** The dispute is closed: what it froze may be paid out. */
export async function unfreezeEarnings(trx: Trx, disputeId: string): Promise<void> {
  await trx.updateTable('earningEntry').set({ frozenBy: null }).where('frozenBy', '=', disputeId).execute();
}
