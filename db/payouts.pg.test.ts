import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { over } from '../api/test-lives.js';
import { DAY_MS, makeParties, passTime, recordOf } from '../tests/support/appointments.js';
import { makePerson } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { disputeLoss, platformFee, therapistPayable } from './accounts.js';
import { commitAppointment } from './commit.js';
import { freezeEarnings, reverseEarning, unfreezeEarnings } from './earning-entries.js';
import { sumEarnings } from './earnings.js';
import { post } from './ledger.js';
import { readPayoutBatch } from './payout-lists.js';
import { claimPayoutBatches, markBatchStarted, payoutToSend, pendingPayouts } from './payout-sending.js';
import { createPayoutBatch, failPayout, markPayoutSent, type NewPayoutBatch } from './payouts.js';
import { earn, makePayable, payableOf, therapistPaidIn } from './test-earnings.js';

const db = useTestDatabase();

async function makeBatch(currency: string, over: Partial<NewPayoutBatch> = {}): Promise<NewPayoutBatch> {
  return { id: randomUUID(), currency, rail: 'csv', createdBy: (await makePerson(db(), 'admin')).id, ...over };
}

/** Pays out and answers with what each therapist got. */
async function payOut(currency: string, over: Partial<NewPayoutBatch> = {}): Promise<Record<string, number>> {
  const batch = await makeBatch(currency, over);
  const isMade = await createPayoutBatch(db(), batch);
  const found = await readPayoutBatch(db(), batch.id);
  expect(found !== null).toBe(isMade);
  return Object.fromEntries((found?.items ?? []).map(({ therapistId, amountMinor }) => [therapistId, amountMinor]));
}

const balanceOf = async (code: string) =>
  (await db().selectFrom('account').where('code', '=', code).select('balanceMinor').executeTakeFirst())?.balanceMinor;

/** Takes back part of a session's earning, as an admin does after a lost dispute. */
async function reverse(appointmentId: string, amountMinor: number): Promise<void> {
  await db()
    .transaction()
    .execute(async (trx) => {
      const reversed = await reverseEarning(trx, { appointmentId, amountMinor });
      const { entryId, therapistId, currency, feeMinor, netMinor } = reversed!;
      await post(trx, {
        idempotencyKey: `earnings_reversed:${entryId}`,
        kind: 'earnings_reversed',
        appointmentId,
        paymentId: null,
        postings: [
          { account: therapistPayable(therapistId, currency), amountMinor: -netMinor },
          { account: platformFee(currency, appointmentId), amountMinor: -feeMinor },
          { account: disputeLoss(currency), amountMinor },
        ],
      });
    });
}

async function openDispute(appointmentId: string): Promise<string> {
  const { paymentId } = await db()
    .selectFrom('hold')
    .where('appointmentId', '=', appointmentId)
    .select('paymentId')
    .executeTakeFirstOrThrow();
  const dispute = {
    provider: 'stripe' as const,
    providerRef: randomUUID(),
    paymentId,
    amountMinor: 1,
    currency: 'EUR',
  };
  const { id } = await db().insertInto('dispute').values(dispute).returning('id').executeTakeFirstOrThrow();
  await db()
    .transaction()
    .execute((trx) => freezeEarnings(trx, id, appointmentId));
  return id;
}

async function totalsOf(therapistId: string) {
  const [total] = await sumEarnings(db(), therapistId);
  const { earnedMinor, reversedMinor, payableNowMinor, notYetPayableMinor, frozenMinor, paidOutMinor } = total!;
  expect(earnedMinor - reversedMinor).toBe(payableNowMinor + notYetPayableMinor + frozenMinor + paidOutMinor);
  return total!;
}

describe('a batch', () => {
  test.each([
    ['JPY', 5_001, 1_000, 4_001],
    ['EUR', 9_995, 1_999, 7_996],
    ['KWD', 12_345, 2_469, 9_876],
  ])('pays the net in %s, whole minor units, and posts it to the bank', async (currency, gross, fee, net) => {
    const therapist = await therapistPaidIn(db(), currency);
    await earn(db(), therapist, gross);
    expect(await totalsOf(therapist.id)).toMatchObject({ feeMinor: fee, payableNowMinor: net });
    expect(await payOut(currency)).toEqual({ [therapist.id]: net });
    expect(await payableOf(db(), therapist)).toBe(0);
    expect(await balanceOf(`payout_bank:-:${currency}`)).toBe(net);
    expect(await totalsOf(therapist.id)).toMatchObject({ payableNowMinor: 0, paidOutMinor: net });
    expect(await payOut(currency)).toEqual({});
  });

  test('takes what is payable by now, of its currency and its rail, and nothing else', async () => {
    const [bank, stripe] = [await therapistPaidIn(db(), 'CHF'), await therapistPaidIn(db(), 'CHF', 'acct_1')];
    const other = await therapistPaidIn(db(), 'SEK');
    await earn(db(), bank, 10_000);
    const later = await earn(db(), bank, 20_000, { payable: false });
    await earn(db(), stripe, 30_000);
    await earn(db(), other, 40_000);
    expect(await totalsOf(bank.id)).toMatchObject({ payableNowMinor: 8_000, notYetPayableMinor: 16_000 });
    expect(await payOut('CHF')).toEqual({ [bank.id]: 8_000 });
    expect(await payOut('CHF', { rail: 'stripe_connect' })).toEqual({ [stripe.id]: 24_000 });
    expect(await balanceOf('stripe_clearing:-:CHF')).toBe(24_000);
    await makePayable(db(), later);
    expect(await payOut('CHF')).toEqual({ [bank.id]: 16_000 });
    expect(await payableOf(db(), other)).toBe(32_000);
  });

  test('has a session seven days after its end, however late that was written down', async () => {
    const parties = await makeParties(db());
    const appointmentId = await over({ db: db(), parties }, {}, { commit: false });
    await passTime(db(), appointmentId, 2 * DAY_MS);
    await commitAppointment(db(), appointmentId);
    const { outcome, endsAt, status } = await recordOf(db(), appointmentId);
    expect([status, outcome?.at]).toEqual(['completed', endsAt]);
    const { payableAt } = await db()
      .selectFrom('earningEntry')
      .where('appointmentId', '=', appointmentId)
      .select('payableAt')
      .executeTakeFirstOrThrow();
    expect(payableAt.getTime()).toBe(endsAt + 7 * DAY_MS);
  });

  test('asked for twice under one id is one; two at once, and ten, never pay an entry twice', async () => {
    const therapists = await Promise.all(Array.from({ length: 5 }, () => therapistPaidIn(db(), 'GBP')));
    for (const therapist of therapists) {
      await earn(db(), therapist, 10_000);
      await earn(db(), therapist, 2_500);
    }
    const one = await makeBatch('GBP');
    const others = await Promise.all(Array.from({ length: 9 }, () => makeBatch('GBP')));
    await Promise.all([one, one, ...others].map((batch) => createPayoutBatch(db(), batch)));
    const payouts = await db().selectFrom('payout').where('currency', '=', 'GBP').selectAll().execute();
    expect(payouts.map(({ therapistId }) => therapistId).toSorted()).toEqual(therapists.map(({ id }) => id).toSorted());
    expect(payouts.every(({ amountMinor }) => amountMinor === 10_000)).toBe(true);
    for (const therapist of therapists) expect(await payableOf(db(), therapist)).toBe(0);
    expect(await balanceOf('payout_bank:-:GBP')).toBe(50_000);
  });

  test('earnings that settle meanwhile are in it or in the next, once', async () => {
    const therapist = await therapistPaidIn(db(), 'AUD');
    const settling = Array.from({ length: 8 }, () => earn(db(), therapist, 1_000));
    const paid: Record<string, number>[] = [];
    for (let round = 0; round < 10; round += 1) paid.push(await payOut('AUD'));
    await Promise.all(settling);
    paid.push(await payOut('AUD'));
    expect(paid.reduce((sum, batch) => sum + (batch[therapist.id] ?? 0), 0)).toBe(6_400);
    expect(await payableOf(db(), therapist)).toBe(0);
  });
});

describe('a reversal', () => {
  test('before the payout makes it smaller; it waits with its session', async () => {
    const therapist = await therapistPaidIn(db(), 'USD');
    const appointmentId = await earn(db(), therapist, 10_000, { payable: false });
    await reverse(appointmentId, 3_333);
    expect(await totalsOf(therapist.id)).toMatchObject({ earnedMinor: 8_000, reversedMinor: 2_666, sessions: 1 });
    expect(await payOut('USD')).toEqual({});
    await makePayable(db(), appointmentId);
    expect(await payOut('USD')).toEqual({ [therapist.id]: 5_334 });
  });

  test('after the payout makes the payable negative: later earnings repay it, payouts skip it until then', async () => {
    const therapist = await therapistPaidIn(db(), 'DKK');
    const first = await earn(db(), therapist, 10_000);
    expect(await payOut('DKK')).toEqual({ [therapist.id]: 8_000 });
    await reverse(first, 10_000);
    expect(await payableOf(db(), therapist)).toBe(-8_000);
    expect(await totalsOf(therapist.id)).toMatchObject({ payableNowMinor: -8_000, paidOutMinor: 8_000 });
    await earn(db(), therapist, 10_000);
    expect(await payableOf(db(), therapist)).toBe(0);
    expect(await payOut('DKK')).toEqual({});
    const second = await therapistPaidIn(db(), 'DKK');
    await earn(db(), second, 1_000);
    expect(await payOut('DKK')).toEqual({ [second.id]: 800 });
    await earn(db(), therapist, 5_000);
    expect(await payOut('DKK')).toEqual({ [therapist.id]: 4_000 });
    expect(await payableOf(db(), therapist)).toBe(0);
  });

  test('in any parts takes back what was earned, to the last unit, and never more', async () => {
    const therapist = await therapistPaidIn(db(), 'PLN');
    const appointmentId = await earn(db(), therapist, 9_997);
    const parts = [1, 3_332, 3_333, 0, 3_331].filter((part) => part > 0);
    for (const part of parts) await reverse(appointmentId, part);
    expect(await payableOf(db(), therapist)).toBe(0);
    expect(await totalsOf(therapist.id)).toMatchObject({ grossMinor: 0, feeMinor: 0, netMinor: 0 });
    await expect(reverse(appointmentId, 1)).rejects.toThrow(RangeError);
    expect(await payOut('PLN')).toEqual({});
  });

  test('two at once of all of it: one', async () => {
    const therapist = await therapistPaidIn(db(), 'CZK');
    const appointmentId = await earn(db(), therapist, 10_000);
    const results = await Promise.allSettled([reverse(appointmentId, 10_000), reverse(appointmentId, 10_000)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await payableOf(db(), therapist)).toBe(0);
  });

  test('while batches are made, nothing is stuck and nothing is lost', async () => {
    const therapist = await therapistPaidIn(db(), 'HUF');
    const sessions = [];
    for (let n = 0; n < 6; n += 1) sessions.push(await earn(db(), therapist, 1_000));
    const [paid] = await Promise.all([
      Promise.all([payOut('HUF'), payOut('HUF'), payOut('HUF')]),
      ...sessions.map((appointmentId) => reverse(appointmentId, 500)),
    ]);
    paid.push(await payOut('HUF'));
    const sum = paid.reduce((total, batch) => total + (batch[therapist.id] ?? 0), 0);
    expect(await payableOf(db(), therapist)).toBe(2_400 - sum);
    expect(await totalsOf(therapist.id)).toMatchObject({ netMinor: 2_400, paidOutMinor: sum });
  });
});

describe('a dispute', () => {
  test('freezes what is not paid out, until it is closed', async () => {
    const therapist = await therapistPaidIn(db(), 'EUR');
    const appointmentId = await earn(db(), therapist, 10_000);
    await earn(db(), therapist, 1_000);
    const disputeId = await openDispute(appointmentId);
    expect(await totalsOf(therapist.id)).toMatchObject({ frozenMinor: 8_000, payableNowMinor: 800 });
    expect(await payOut('EUR')).toEqual({ [therapist.id]: 800 });
    await db()
      .transaction()
      .execute(async (trx) => {
        await trx.updateTable('dispute').set({ status: 'won' }).where('id', '=', disputeId).execute();
        await unfreezeEarnings(trx, disputeId);
      });
    expect(await payOut('EUR')).toEqual({ [therapist.id]: 8_000 });
  });

  test('leaves alone what is paid out already', async () => {
    const therapist = await therapistPaidIn(db(), 'ISK');
    const appointmentId = await earn(db(), therapist, 10_000);
    await payOut('ISK');
    await openDispute(appointmentId);
    expect(await totalsOf(therapist.id)).toMatchObject({ frozenMinor: 0, paidOutMinor: 8_000 });
  });
});

describe('a payout', () => {
  async function onePayout(currency: string, gross = 10_000) {
    const therapist = await therapistPaidIn(db(), currency, 'acct_1');
    await earn(db(), therapist, gross);
    const batch = await makeBatch(currency, { rail: 'stripe_connect' });
    await createPayoutBatch(db(), batch);
    const [payoutId] = await pendingPayouts(db(), batch.id, 10);
    return { therapist, batch, payoutId: payoutId! };
  }

  test('that the provider refuses gives the payable back, once, and the next batch pays it', async () => {
    const { therapist, batch, payoutId } = await onePayout('TRY');
    await Promise.all([failPayout(db(), payoutId, 'no_account'), failPayout(db(), payoutId, 'no_account')]);
    expect(await payableOf(db(), therapist)).toBe(8_000);
    expect(await balanceOf('stripe_clearing:-:TRY')).toBe(0);
    expect((await readPayoutBatch(db(), batch.id))?.items).toMatchObject([
      { status: 'failed', failureCode: 'no_account' },
    ]);
    await markPayoutSent(db(), payoutId, 'tr_late');
    expect(await payoutToSend(db(), payoutId)).toBeNull();
    expect(await payOut('TRY', { rail: 'stripe_connect' })).toEqual({ [therapist.id]: 8_000 });
  });

  test('that is sent stays sent', async () => {
    const { therapist, batch, payoutId } = await onePayout('MXN');
    expect(await payoutToSend(db(), payoutId)).toMatchObject({ stripeAccount: 'acct_1', amountMinor: 8_000 });
    await markPayoutSent(db(), payoutId, 'tr_1');
    await failPayout(db(), payoutId, 'too_late');
    expect(await pendingPayouts(db(), batch.id, 10)).toEqual([]);
    expect(await payableOf(db(), therapist)).toBe(0);
    expect((await readPayoutBatch(db(), batch.id))?.summary).toMatchObject({ sent: 1, pending: 0, failed: 0 });
  });

  test('by Stripe in three decimals ends in 0; the rest comes with a later one', async () => {
    const { therapist, batch } = await onePayout('KWD', 12_341); // net 9,873
    expect((await readPayoutBatch(db(), batch.id))?.summary).toMatchObject({ amountMinor: 9_870 });
    expect(await payableOf(db(), therapist)).toBe(3);
    expect(await totalsOf(therapist.id)).toMatchObject({ payableNowMinor: 3, paidOutMinor: 9_870, earnedMinor: 9_873 });
    expect(await payOut('KWD', { rail: 'stripe_connect' })).toEqual({});
    await earn(db(), therapist, 21); // net 17
    expect(await payOut('KWD', { rail: 'stripe_connect' })).toEqual({ [therapist.id]: 20 });
    expect(await payableOf(db(), therapist)).toBe(0);
  });
});

test('a batch whose workflow nobody started is claimed once it is due, until it is', async () => {
  await db().updateTable('payoutBatch').set({ nextAttemptAt: null }).execute();
  const therapist = await therapistPaidIn(db(), 'ZAR');
  await earn(db(), therapist, 1_000);
  const batch = await makeBatch('ZAR');
  await createPayoutBatch(db(), batch);
  const due = () =>
    db()
      .updateTable('payoutBatch')
      .set({ nextAttemptAt: sql<Date>`clock_timestamp()` })
      .where('id', '=', batch.id)
      .execute();
  expect(await claimPayoutBatches(db(), 10)).toEqual([]);
  await due();
  const claims = await Promise.all([claimPayoutBatches(db(), 10), claimPayoutBatches(db(), 10)]);
  expect(claims.flat()).toEqual([batch.id]);
  await markBatchStarted(db(), batch.id);
  expect(await claimPayoutBatches(db(), 10)).toEqual([]);
});
