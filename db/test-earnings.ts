import { sql } from 'kysely';
import { commitAppointment } from './commit.js';
import type { Db } from './database.js';
import { resolveHold } from './holds.js';
import { payByWallet } from './payment-requests.js';
import { grantPromotion } from './promotions.js';
import { bookAppointment, DAY_MS, MINUTE_MS, recordOf } from '../tests/support/appointments.js';
import { makePerson, makeTherapist, type TestPerson } from '../tests/support/people.js';

/** For tests only: therapists with settled sessions, by the transactions that a life would make. */

export interface EarningTherapist extends TestPerson {
  currency: string;
}

/** A therapist paid in this currency, with an account at Stripe where one is given. */
export async function therapistPaidIn(
  db: Db,
  currency: string,
  stripeAccount: string | null = null,
): Promise<EarningTherapist> {
  const therapist = await makeTherapist(db, { minuteMs: MINUTE_MS, bufferMinutes: 0 });
  await db.updateTable('therapist').set({ currency, stripeAccount }).where('id', '=', therapist.id).execute();
  return { ...therapist, currency };
}

let sessions = 0;

/** Settles an hour of this gross price (20 % of it the fee). Payable at once unless told when. @returns the appointment */
export async function earn(
  db: Db,
  { id, currency }: EarningTherapist,
  grossMinor: number,
  { payable = true } = {},
): Promise<string> {
  const client = await makePerson(db, 'client');
  const wallet = { clientId: client.id, currency, amountMinor: grossMinor };
  await db.transaction().execute((trx) => grantPromotion(trx, { idempotencyKey: `grant:${client.id}`, ...wallet }));
  await db
    .updateTable('therapist')
    .set({ rates: JSON.stringify({ video: grossMinor }) })
    .where('id', '=', id)
    .execute();
  sessions += 1;
  const parties = { client, therapist: { id, subject: '' } };
  const appointmentId = await bookAppointment(db, parties, { inMs: DAY_MS + sessions * 60 * MINUTE_MS });
  await payByWallet(db, appointmentId);
  await commitAppointment(db, appointmentId);
  const record = await recordOf(db, appointmentId);
  await db.transaction().execute((trx) => resolveHold(trx, record, 'all'));
  if (payable) await makePayable(db, appointmentId);
  return appointmentId;
}

/** Lets the delay before an earning is payable pass. */
export async function makePayable(db: Db, appointmentId: string): Promise<void> {
  await db
    .updateTable('earningEntry')
    .set({ payableAt: sql<Date>`clock_timestamp()` })
    .where('appointmentId', '=', appointmentId)
    .execute();
}

/** The therapist's payable as the ledger has it, and the net of the entries that are in no payout: they are equal. */
export async function payableOf(db: Db, { id, currency }: EarningTherapist): Promise<number> {
  const { rows } = await sql<{ balance: number; unpaid: number }>`
    select coalesce((select balance_minor from account where code = ${`therapist_payable:${id}:${currency}`}), 0) as balance,
      coalesce((select sum(net_minor) from earning_entry
        where therapist_id = ${id} and currency = ${currency} and payout_id is null), 0)::bigint as unpaid`.execute(db);
  const { balance, unpaid } = rows[0]!;
  if (balance !== unpaid) throw new Error(`the payable is ${balance}, the entries in no payout sum to ${unpaid}`);
  return balance;
}
