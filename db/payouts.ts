import { sql, type Selectable } from 'kysely';
import { payablePart, type PayoutRailName } from '../domain/earnings.js';
import { clearing, payoutBank, therapistPayable, type Account } from './accounts.js';
import type { Db, Trx } from './database.js';
import { lockAccounts, post } from './ledger.js';
import type { DB } from './schema.js';

export type PayoutBatch = Selectable<DB['payoutBatch']>;
export type Payout = Selectable<DB['payout']>;

export interface NewPayoutBatch {
  /** Fixed by the request, so that a repeat meets the first batch. */
  id: string;
  currency: string;
  rail: PayoutRailName;
  /** The admin. */
  createdBy: string;
}

/** How long the relay leaves the first start of the workflow to whoever made the batch. */
const FIRST_TRY_MS = 2_000;

/** Where paid out money leaves us: the bank by a file, our balance at Stripe by transfers. */
function outflow(rail: PayoutRailName, currency: string): Account {
  return rail === 'csv' ? payoutBank(currency) : clearing('stripe', currency);
}

/** Entries that may be paid out now: payable, in no payout, and not frozen by a dispute that is still open. */
function payableNow(db: Db, currency: string) {
  return db
    .selectFrom('earningEntry as e')
    .where('e.currency', '=', currency)
    .where('e.payoutId', 'is', null)
    .where('e.payableAt', '<=', sql<Date>`clock_timestamp()`)
    .where(sql<boolean>`not exists (select 1 from dispute d where d.id = e.frozen_by and d.status = 'open')`);
}

/**
 * Pays out what is payable now, in one transaction: a payout per therapist of the rail whose entries sum to more than
 * zero (the others' wait, and are repaid by later earnings), and its posting. Two batches at once never take the same
 * entry: both lock the therapists' payables. @returns false when there is nothing to pay out; true also on a repeat
 */
export async function createPayoutBatch(db: Db, batch: NewPayoutBatch): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const nextAttemptAt = sql<Date>`clock_timestamp() + ${FIRST_TRY_MS} * interval '1 millisecond'`;
    const isNew = await trx
      .insertInto('payoutBatch')
      .values({ ...batch, nextAttemptAt })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (isNew === undefined) return true;
    const sums = await takePayable(trx, batch);
    if (sums.length === 0) {
      await trx.deleteFrom('payoutBatch').where('id', '=', batch.id).execute();
      return false;
    }
    for (const sum of sums) await writePayout(trx, batch, sum);
    return true;
  });
}

/** What one therapist gets, and what it consists of. */
interface PayableSum {
  therapistId: string;
  amountMinor: number;
  /** What the rail can't carry, >= 0. */
  restMinor: number;
  entryIds: string[];
  /** Of the latest entry: a carried rest hangs on it. */
  appointmentId: string;
}

async function takePayable(trx: Trx, { currency, rail }: NewPayoutBatch): Promise<PayableSum[]> {
  const therapists = await payableNow(trx, currency)
    .innerJoin('therapist as t', 't.id', 'e.therapistId')
    .where('t.stripeAccount', rail === 'csv' ? 'is' : 'is not', null)
    .select('e.therapistId')
    .distinct()
    .execute();
  const ids = therapists.map(({ therapistId }) => therapistId);
  if (ids.length === 0) return [];
  await lockAccounts(trx, [outflow(rail, currency), ...ids.map((id) => therapistPayable(id, currency))]);
  // Under the locks, so that what another batch has just taken is gone. An entry that somebody holds (a reversal, a
  // dispute) waits for the next batch: waiting here for who waits for these accounts would be a deadlock.
  const entries = await payableNow(trx, currency)
    .where('e.therapistId', 'in', ids)
    .select(['e.id', 'e.therapistId', 'e.appointmentId', 'e.netMinor'])
    .orderBy('e.id')
    .forUpdate('e')
    .skipLocked()
    .execute();
  return ids.flatMap((therapistId) => {
    const own = entries.filter((entry) => entry.therapistId === therapistId);
    const sumMinor = own.reduce((sum, { netMinor }) => sum + netMinor, 0);
    const amountMinor = sumMinor > 0 ? payablePart(sumMinor, currency, rail) : 0;
    if (amountMinor === 0) return [];
    const { appointmentId } = own.at(-1)!;
    const entryIds = own.map(({ id }) => id);
    return [{ therapistId, amountMinor, restMinor: sumMinor - amountMinor, entryIds, appointmentId }];
  });
}

async function writePayout(trx: Trx, batch: NewPayoutBatch, sum: PayableSum): Promise<void> {
  const { currency, rail } = batch;
  const { therapistId, amountMinor, restMinor, entryIds } = sum;
  const { id } = await trx
    .insertInto('payout')
    .values({ batchId: batch.id, therapistId, amountMinor, currency })
    .returning('id')
    .executeTakeFirstOrThrow();
  await trx.updateTable('earningEntry').set({ payoutId: id }).where('id', 'in', entryIds).execute();
  if (restMinor > 0) await carryRest(trx, sum, currency, id);
  await post(trx, {
    idempotencyKey: `payout:${id}`,
    kind: 'payout',
    appointmentId: null,
    paymentId: null,
    postings: [
      { account: therapistPayable(therapistId, currency), amountMinor: -amountMinor },
      { account: outflow(rail, currency), amountMinor },
    ],
  });
}

/** Takes the rest out of this payout and leaves it for the next: two entries that sum to zero. */
async function carryRest(trx: Trx, sum: PayableSum, currency: string, payoutId: string): Promise<void> {
  const { therapistId, appointmentId, restMinor } = sum;
  const entry = { therapistId, appointmentId, kind: 'carry' as const, feeMinor: 0, currency };
  const payableAt = sql<Date>`clock_timestamp()`;
  await trx
    .insertInto('earningEntry')
    .values([
      { ...entry, grossMinor: -restMinor, netMinor: -restMinor, payoutId, payableAt },
      { ...entry, grossMinor: restMinor, netMinor: restMinor, payoutId: null, payableAt },
    ])
    .execute();
}

/** The provider has it, or it is in the bank's file. A repeat changes nothing. */
export async function markPayoutSent(db: Db, payoutId: string, providerRef: string | null): Promise<void> {
  await db
    .updateTable('payout')
    .set({ status: 'sent', providerRef, sentAt: sql<Date>`clock_timestamp()` })
    .where('id', '=', payoutId)
    .where('status', '=', 'pending')
    .execute();
}

/** The provider refuses for good: the payable is given back and the entries may be paid out again. Once. */
export async function failPayout(db: Db, payoutId: string, failureCode: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const payout = await trx
      .updateTable('payout')
      .set({ status: 'failed', failureCode })
      .where('id', '=', payoutId)
      .where('status', '=', 'pending')
      .returning(['batchId', 'therapistId', 'amountMinor', 'currency'])
      .executeTakeFirst();
    if (payout === undefined) return;
    const { batchId, therapistId, amountMinor, currency } = payout;
    await trx.updateTable('earningEntry').set({ payoutId: null }).where('payoutId', '=', payoutId).execute();
    const { rail } = await trx
      .selectFrom('payoutBatch')
      .where('id', '=', batchId)
      .select('rail')
      .executeTakeFirstOrThrow();
    await post(trx, {
      idempotencyKey: `payout_failed:${payoutId}`,
      kind: 'payout_failed',
      appointmentId: null,
      paymentId: null,
      postings: [
        { account: therapistPayable(therapistId, currency), amountMinor },
        { account: outflow(rail, currency), amountMinor: -amountMinor },
      ],
    });
  });
}
