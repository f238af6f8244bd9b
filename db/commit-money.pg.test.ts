import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  bookAppointment,
  makeParties,
  MINUTE_MS,
  passTime,
  recordOf,
  type Parties,
} from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { clearing, clientWallet, refundPending } from './accounts.js';
import { commitAppointment, recordEvidence } from './commit.js';
import { storeMessage } from './messages.js';
import { payByWallet, startProviderPayment } from './payment-requests.js';
import { storePaymentEvent, type PaymentNews } from './provider-events.js';
import { readTimeline } from './timeline.js';

const db = useTestDatabase();

async function booked(): Promise<{ parties: Parties; id: string; wallet: string }> {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  return { parties, id, wallet: clientWallet(parties.client.id, 'INR').code };
}

async function balance(code: string): Promise<[balanceMinor: number, heldMinor: number]> {
  const row = await db()
    .selectFrom('account')
    .where('code', '=', code)
    .select(['balanceMinor', 'heldMinor'])
    .executeTakeFirst();
  return [row?.balanceMinor ?? 0, row?.heldMinor ?? 0];
}

const balanceOf = async ({ code }: { code: string }) => (await balance(code))[0];

/** A verified event that says the try's money arrived. */
async function arrive(
  paymentId: string,
  changes: Partial<PaymentNews> = {},
  provider: 'stripe' | 'razorpay' = 'stripe',
): Promise<void> {
  const news: PaymentNews = {
    status: 'succeeded',
    providerRef: `pi_${paymentId}`,
    paymentId,
    amountMinor: 6_000,
    currency: 'INR',
    chargeRef: `ch_${randomUUID()}`,
    failureCode: null,
    ...changes,
  };
  await storePaymentEvent(
    db(),
    { provider, eventId: `evt_${randomUUID()}`, type: 'payment arrived', payload: {} },
    news,
  );
}

const tries = (id: string) =>
  db().selectFrom('payment').where('appointmentId', '=', id).select(['method', 'status']).orderBy('method').execute();

/** Money on its way back: it has left the wallet at once, so that nobody spends what is being returned. */
const refunds = (id: string) =>
  db()
    .selectFrom('refund')
    .where('appointmentId', '=', id)
    .select(['amountMinor', 'currency', 'destination', 'reason', 'status', 'nextAttemptAt'])
    .execute();

const goingBack = (amountMinor: number, currency = 'INR') => ({
  amountMinor,
  currency,
  destination: 'source',
  reason: 'late_money',
  status: 'pending',
  nextAttemptAt: expect.any(Date) as Date,
});

async function lastNote(id: string): Promise<unknown> {
  const { kind, detail } = (await readTimeline(db(), id)).at(-1)!;
  return { kind, detail };
}

test('provider money is funded and held in the commit that books it', async () => {
  const { id, wallet } = await booked();
  const { id: paymentId } = await startProviderPayment(db(), id, 'stripe');
  const before = (await balance(clearing('stripe', 'INR').code))[0];
  await arrive(paymentId);
  expect(await recordOf(db(), id)).toMatchObject({ paidAt: null });
  await commitAppointment(db(), id);
  expect(await recordOf(db(), id)).toMatchObject({
    paidAt: expect.any(Number),
    hold: 'held',
    payment: { status: 'completed', method: 'stripe' },
  });
  expect(await balance(wallet)).toEqual([106_000, 6_000]);
  expect((await balance(clearing('stripe', 'INR').code))[0]).toBe(before - 6_000);
});

describe('money that never books', () => {
  test('after the expiry: it goes back to its source, the client is told, the slot stays free', async () => {
    const { id, wallet } = await booked();
    const pendingBefore = (await balance(refundPending('INR').code))[0];
    const { id: paymentId } = await startProviderPayment(db(), id, 'razorpay');
    await passTime(db(), id, 30 * MINUTE_MS);
    expect(await commitAppointment(db(), id)).toMatchObject({ needs: 'payment', record: { status: 'scheduled' } });
    await recordEvidence(db(), id, 'payment');
    expect(await commitAppointment(db(), id)).toMatchObject({ needs: null, record: { status: 'expired' } });
    await arrive(paymentId, {}, 'razorpay');
    await commitAppointment(db(), id);
    expect(await recordOf(db(), id)).toMatchObject({ status: 'expired', paidAt: null, hold: 'none' });
    expect(await balance(wallet)).toEqual([100_000, 0]);
    expect((await balance(refundPending('INR').code))[0] - pendingBefore).toBe(6_000);
    expect(await refunds(id)).toEqual([goingBack(6_000)]);
    expect(await tries(id)).toEqual([{ method: 'razorpay', status: 'refunded' }]);
    expect(await lastNote(id)).toEqual({ kind: 'payment_settled', detail: { refused: 'already_over' } });
    const told = await db()
      .selectFrom('notification')
      .where('appointmentId', '=', id)
      .where('kind', '=', 'late_money_returned')
      .select('recipientRole')
      .execute();
    expect(told).toEqual([{ recipientRole: 'client' }, { recipientRole: 'client' }]);
  });

  test.each([
    ['less than the price', { amountMinor: 5_999 }, goingBack(5_999)],
    ['more than the price', { amountMinor: 6_001 }, goingBack(6_001)],
    ['another currency', { currency: 'EUR' }, goingBack(6_000, 'EUR')],
  ])('%s: it goes back, and the booking still waits for its money', async (_, changes, expected) => {
    const { parties, id, wallet } = await booked();
    const { id: paymentId } = await startProviderPayment(db(), id, 'stripe');
    const { currency } = expected;
    const before = await Promise.all([clearing('stripe', currency), refundPending(currency)].map(balanceOf));
    await arrive(paymentId, changes);
    await commitAppointment(db(), id);
    expect(await recordOf(db(), id)).toMatchObject({ status: 'scheduled', paidAt: null, hold: 'none' });
    expect(await balance(wallet)).toEqual([100_000, 0]);
    if (currency === 'EUR') expect(await balance(clientWallet(parties.client.id, 'EUR').code)).toEqual([0, 0]);
    expect(await refunds(id)).toEqual([expected]);
    const after = await Promise.all([clearing('stripe', currency), refundPending(currency)].map(balanceOf));
    expect(after.map((amount, n) => amount - before[n]!)).toEqual([-expected.amountMinor, expected.amountMinor]);
    expect(await lastNote(id)).toEqual({ kind: 'payment_settled', detail: { refused: 'amount_mismatch' } });
    await payByWallet(db(), id);
    await commitAppointment(db(), id);
    expect(await recordOf(db(), id)).toMatchObject({ paidAt: expect.any(Number), payment: { method: 'wallet' } });
  });

  test('a message that names no payment of this appointment moves nothing', async () => {
    const { id, wallet } = await booked();
    const other = await booked();
    const { id: foreign } = await startProviderPayment(db(), other.id, 'stripe');
    for (const payload of [
      {},
      { paymentId: foreign, amountMinor: 6_000, currency: 'INR' },
      { paymentId: randomUUID(), amountMinor: 6_000, currency: 'INR' },
    ]) {
      await storeMessage(db(), {
        appointmentId: id,
        kind: 'payment_settled',
        actor: { role: 'operator', id: null },
        payload,
        signal: true,
      });
    }
    const { decided } = (await commitAppointment(db(), id))!;
    expect(decided.map(({ decision }) => decision)).toEqual(
      Array.from({ length: 3 }, () => ({ ok: false, code: 'no_payment' })),
    );
    expect(await recordOf(db(), id)).toMatchObject({ paidAt: null });
    expect(await balance(wallet)).toEqual([100_000, 0]);
  });

  test('a second card payment of a paid one goes back to its source', async () => {
    const { id, wallet } = await booked();
    await payByWallet(db(), id);
    const { clientId } = await recordOf(db(), id);
    const { id: paymentId } = await db()
      .insertInto('payment')
      .values({ appointmentId: id, clientId, method: 'stripe', amountMinor: 6_000, currency: 'INR' })
      .returning('id')
      .executeTakeFirstOrThrow();
    await commitAppointment(db(), id);
    await arrive(paymentId);
    await commitAppointment(db(), id);
    expect(await balance(wallet)).toEqual([100_000, 6_000]);
    expect(await refunds(id)).toEqual([goingBack(6_000)]);
    expect(await tries(id)).toEqual([
      { method: 'stripe', status: 'refunded' },
      { method: 'wallet', status: 'completed' },
    ]);
    expect(await recordOf(db(), id)).toMatchObject({
      hold: 'held',
      payment: { method: 'wallet', status: 'completed' },
    });
  });
});

test('a card’s money and the wallet’s that no worker had come to: the first pays, the wallet keeps its own', async () => {
  const { id, wallet } = await booked();
  const { id: paymentId } = await startProviderPayment(db(), id, 'stripe');
  await arrive(paymentId);
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
  expect(await recordOf(db(), id)).toMatchObject({ hold: 'held', payment: { method: 'stripe', status: 'completed' } });
  expect(await tries(id)).toEqual([
    { method: 'stripe', status: 'completed' },
    { method: 'wallet', status: 'refunded' },
  ]);
  expect(await balance(wallet)).toEqual([106_000, 6_000]);
});

test('money that arrives while the expiry is undecided still books', async () => {
  const { id } = await booked();
  const { id: paymentId } = await startProviderPayment(db(), id, 'stripe');
  await passTime(db(), id, 31 * MINUTE_MS);
  expect(await commitAppointment(db(), id)).toMatchObject({ needs: 'payment' });
  await arrive(paymentId);
  await commitAppointment(db(), id);
  expect(await recordOf(db(), id)).toMatchObject({ status: 'scheduled', paidAt: expect.any(Number), hold: 'held' });
});

test('nothing is paid, by any method, once the window is over', async () => {
  const { id } = await booked();
  await passTime(db(), id, 30 * MINUTE_MS);
  await expect(payByWallet(db(), id)).rejects.toMatchObject({ code: 'payment_window_over' });
  await expect(startProviderPayment(db(), id, 'stripe')).rejects.toMatchObject({ code: 'payment_window_over' });
  await commitAppointment(db(), id);
  await expect(payByWallet(db(), id)).rejects.toMatchObject({ code: 'payment_window_over' });
  await expect(payByWallet(db(), randomUUID())).rejects.toMatchObject({ code: 'unknown_appointment' });
});

test('ten clicks on one method are one checkout', async () => {
  const { id } = await booked();
  const started = await Promise.all(Array.from({ length: 10 }, () => startProviderPayment(db(), id, 'stripe')));
  expect(new Set(started.map((payment) => payment.id)).size).toBe(1);
});
