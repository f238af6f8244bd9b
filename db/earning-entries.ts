import { sql } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import type { Trx } from './database.js';

/** A session's earning as it was settled: payable after the policy's delay. Written with the ledger's `settle`. */
export async function recordEarning(
  trx: Trx,
  record: AppointmentRecord,
  { grossMinor, feeMinor }: { grossMinor: number; feeMinor: number },
): Promise<void> {
  const { id, therapistId, currency, policy } = record;
  const delayMs = policy.earningsDelayMinutes * policy.minuteMs;
  await trx
    .insertInto('earningEntry')
    .values({
      therapistId,
      appointmentId: id,
      kind: 'session',
      grossMinor,
      feeMinor,
      netMinor: grossMinor - feeMinor,
      currency,
      payableAt: sql<Date>`clock_timestamp() + ${delayMs} * interval '1 millisecond'`,
    })
    .execute();
}
