import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../domain/types.js';
import { bookAppointment, makeParties, MINUTE_MS, passUntilStart } from '../tests/support/appointments.js';
import { balanceOf, complete, expectBooks, paidByCard } from '../tests/support/card-payments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { clientWallet, platformFee, refundPending, therapistPayable } from './accounts.js';
import { refundAfterEnd } from './admin-refunds.js';
import { commitAppointment } from './commit.js';
import { payByWallet } from './payment-requests.js';
import { settleRefund } from './refunds.js';
import { readTimeline } from './timeline.js';

const db = useTestDatabase();

/** A completed session of 60.00, of which 48.00 are the therapist's and 12.00 the platform's. */
async function completed(method: 'wallet' | 'stripe') {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  if (method === 'stripe') await paidByCard(db(), id);
  else {
    await payByWallet(db(), id);
    await commitAppointment(db(), id);
  }
  await complete(db(), parties, id);
  const accounts = [
    clientWallet(parties.client.id, 'INR'),
    therapistPayable(parties.therapist.id, 'INR'),
    platformFee('INR', id),
    refundPending('INR'),
  ];
  const read = () => Promise.all(accounts.map((account) => balanceOf(db(), account)));
  const before = await read();
  const admin: Actor = { role: 'admin', id: parties.admin.id };
  return {
    id,
    /** What has moved since: wallet, payable, fee, pending. */
    moved: async () => (await read()).map((amount, n) => amount - before[n]!),
    refund: (amountMinor: number | null, refundId: string = randomUUID()) =>
      refundAfterEnd(db(), { id: refundId, appointmentId: id, amountMinor, reason: 'a complaint', actor: admin }),
  };
}

const reversals = (id: string) =>
  db()
    .selectFrom('earningEntry')
    .where('appointmentId', '=', id)
    .select(['kind', 'grossMinor', 'feeMinor', 'netMinor', 'payableAt'])
    .orderBy('id')
    .execute();
const paymentOf = (id: string) =>
  db().selectFrom('payment').where('appointmentId', '=', id).selectAll().executeTakeFirstOrThrow();

describe('by card', () => {
  test('all of it: the earnings go back, the money is on its way to the source', async () => {
    const { id, moved, refund } = await completed('stripe');
    expect(await refund(null)).toMatchObject({ amountMinor: 6_000, destination: 'source', status: 'pending' });
    expect(await moved()).toEqual([0, -4_800, -1_200, 6_000]);
    const [session, reversal] = await reversals(id);
    expect(reversal).toEqual({
      kind: 'reversal',
      grossMinor: -6_000,
      feeMinor: -1_200,
      netMinor: -4_800,
      payableAt: session!.payableAt,
    });
    expect(await paymentOf(id)).toMatchObject({ status: 'refunded', refundingMinor: 6_000 });
    expect((await readTimeline(db(), id)).at(-1)).toMatchObject({
      kind: 'refunded',
      actorRole: 'admin',
      detail: { amountMinor: 6_000, currency: 'INR', to: 'source', reason: expect.stringMatching(/^note:/) },
    });
    await expectBooks(db());
  });

  test('in parts that round: their fees sum to the fee of the whole', async () => {
    const { id, moved, refund } = await completed('stripe');
    for (const amount of [1, 1, 1, 2, 3_333, 7]) await refund(amount);
    expect(await paymentOf(id)).toMatchObject({ status: 'partially_refunded', refundingMinor: 3_345 });
    await refund(null);
    expect(await moved()).toEqual([0, -4_800, -1_200, 6_000]);
    const lines = (await reversals(id)).filter(({ kind }) => kind === 'reversal');
    expect(lines).toHaveLength(7);
    for (const { feeMinor, netMinor } of lines) expect([feeMinor <= 0, netMinor <= 0]).toEqual([true, true]);
    await expectBooks(db());
  });

  test('no more than is left, also when two ask at once', async () => {
    const { id, refund } = await completed('stripe');
    await expect(refund(6_001)).rejects.toMatchObject({ code: 'amount_too_large', facts: { refundableMinor: 6_000 } });
    const asked = await Promise.allSettled([refund(4_000), refund(4_000), refund(4_000)]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of asked)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ code: 'amount_too_large', facts: { refundableMinor: 2_000 } });
    expect(await paymentOf(id)).toMatchObject({ refundingMinor: 4_000 });
    await refund(2_000);
    await expect(refund(null)).rejects.toMatchObject({ code: 'amount_too_large', facts: { refundableMinor: 0 } });
    await expectBooks(db());
  });

  test('what the provider refuses is on the wallet, and is not refunded twice', async () => {
    const { moved, refund } = await completed('stripe');
    const { id } = await refund(6_000);
    await settleRefund(db(), id, { status: 'refused', providerRef: null, failureCode: 'too_old' });
    expect(await moved()).toEqual([6_000, -4_800, -1_200, 0]);
    await expect(refund(null)).rejects.toMatchObject({ code: 'amount_too_large', facts: { refundableMinor: 0 } });
    await expectBooks(db());
  });

  test('a repeat, also ten at once, is one refund', async () => {
    const { id, moved, refund } = await completed('stripe');
    const refundId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refund(1_000, refundId)));
    expect(new Set(answers.map((answer) => answer.id))).toEqual(new Set([refundId]));
    expect(await moved()).toEqual([0, -800, -200, 1_000]);
    expect(await paymentOf(id)).toMatchObject({ refundingMinor: 1_000 });
  });

  test('refused while a dispute is open, and again possible once it is won', async () => {
    const { id, moved, refund } = await completed('stripe');
    const { id: paymentId } = await paymentOf(id);
    const { id: disputeId } = await db()
      .insertInto('dispute')
      .values({ provider: 'stripe', providerRef: `dp_${id}`, paymentId, amountMinor: 6_000, currency: 'INR' })
      .returning('id')
      .executeTakeFirstOrThrow();
    await expect(refund(1)).rejects.toMatchObject({ code: 'refund_disputed' });
    expect(await moved()).toEqual([0, 0, 0, 0]);
    await db().updateTable('dispute').set({ status: 'won' }).where('id', '=', disputeId).execute();
    await refund(1);
  });
});

test('a wallet’s payer gets it on the wallet at once', async () => {
  const { id, moved, refund } = await completed('wallet');
  expect(await refund(2_500)).toMatchObject({ destination: 'wallet', status: 'completed', nextAttemptAt: null });
  expect(await moved()).toEqual([2_500, -2_000, -500, 0]);
  expect(await paymentOf(id)).toMatchObject({ status: 'partially_refunded' });
  await refund(null);
  expect(await moved()).toEqual([6_000, -4_800, -1_200, 0]);
  expect(await paymentOf(id)).toMatchObject({ status: 'refunded' });
  const told = await db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'refund_completed')
    .select(['recipientRole'])
    .execute();
  expect(told).toEqual([{ recipientRole: 'client' }, { recipientRole: 'client' }]);
  await expectBooks(db());
});

test('before the end there is nothing to refund: cancel instead; where nothing was charged neither', async () => {
  const parties = await makeParties(db());
  const actor: Actor = { role: 'admin', id: parties.admin.id };
  const id = await bookAppointment(db(), parties);
  const wish = { id: randomUUID(), appointmentId: id, amountMinor: null, reason: 'x', actor };
  await paidByCard(db(), id);
  await expect(refundAfterEnd(db(), wish)).rejects.toMatchObject({ code: 'not_completed' });
  await passUntilStart(db(), id, 11 * MINUTE_MS); // never activated: expired, all of it is on its way back
  expect(await commitAppointment(db(), id)).toMatchObject({ record: { status: 'expired' } });
  await expect(refundAfterEnd(db(), wish)).rejects.toMatchObject({
    code: 'amount_too_large',
    facts: { refundableMinor: 0 },
  });
  await expect(refundAfterEnd(db(), { ...wish, appointmentId: randomUUID() })).rejects.toMatchObject({
    code: 'unknown_appointment',
  });
});
