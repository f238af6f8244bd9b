import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bookAppointment, makeParties } from '../tests/support/appointments.js';
import { balanceOf, expectBooks, paidByCard } from '../tests/support/card-payments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { SYSTEM } from '../domain/types.js';
import { clearing, clientWallet, refundPending } from './accounts.js';
import { claimRefunds, markRefundsStarted } from './refund-lists.js';
import { releaseMoney } from './payments.js';
import { requestRefund } from './refund-requests.js';
import { settleRefund, type RefundNews } from './refunds.js';
import { recordForeignRefund, openForeignRefunds } from './foreign-refunds.js';
import { loadAppointment } from './appointment-record.js';
import { readTimeline } from './timeline.js';

const db = useTestDatabase();

/** An appointment paid by card whose hold was voided: 6,000 are on their way back. */
async function goingBack(chargeMinor = 0) {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  const payment = await paidByCard(db(), id);
  const { record } = (await loadAppointment(db(), id))!;
  const wish = { chargeMinor, refundTo: 'source', reason: 'cancelled', actor: SYSTEM } as const;
  await db()
    .transaction()
    .execute((trx) => releaseMoney(trx, record, wish));
  const [refund] = await refundsOf(id);
  return { id, parties, payment, refundId: refund!.id, wallet: clientWallet(parties.client.id, 'INR') };
}

const refundsOf = (id: string) =>
  db().selectFrom('refund').where('appointmentId', '=', id).selectAll().orderBy('id').execute();
const paymentOf = (id: string) => db().selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const succeeded = (): RefundNews => ({ status: 'succeeded', providerRef: `re_${randomUUID()}`, failureCode: null });
const refused = (): RefundNews => ({ status: 'refused', providerRef: null, failureCode: 'charge_disputed' });
const told = (id: string) =>
  db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('kind', 'in', ['refund_completed', 'refund_to_wallet'])
    .select(['kind', 'recipientRole', 'channel'])
    .orderBy('channel')
    .execute();

const clearingAndPending = () =>
  Promise.all([clearing('stripe', 'INR'), refundPending('INR')].map((account) => balanceOf(db(), account)));

test('completed: the clearing gives it up, nothing is pending, the client is told', async () => {
  const { id, payment, refundId, wallet } = await goingBack();
  const [clearingBefore, pendingBefore] = await clearingAndPending();
  const news = succeeded();
  expect(await settleRefund(db(), refundId, news)).toBe('completed');
  expect(await clearingAndPending()).toEqual([clearingBefore! + 6_000, pendingBefore! - 6_000]);
  expect(await paymentOf(payment.id)).toMatchObject({
    status: 'refunded',
    capturedMinor: 6_000,
    refundingMinor: 0,
    refundedMinor: 6_000,
  });
  expect(await refundsOf(id)).toMatchObject([
    {
      destination: 'source',
      status: 'completed',
      providerRef: news.providerRef,
      completedAt: expect.any(Date) as Date,
    },
  ]);
  expect(await told(id)).toEqual(
    ['email', 'in_app'].map((channel) => ({ kind: 'refund_completed', recipientRole: 'client', channel })),
  );
  expect((await readTimeline(db(), id)).at(-1)).toMatchObject({
    kind: 'refund_completed',
    actorRole: 'provider',
    detail: { amountMinor: 6_000, currency: 'INR' },
  });
  expect(await balanceOf(db(), wallet)).toBe(100_000);
  await expectBooks(db());
});

test('refused by the provider: it is the client’s credit, of the kind refund, and the client is told', async () => {
  const { id, payment, refundId, wallet } = await goingBack();
  expect(await settleRefund(db(), refundId, refused())).toBe('refused');
  expect(await balanceOf(db(), wallet)).toBe(106_000);
  expect(await paymentOf(payment.id)).toMatchObject({ refundingMinor: 0, refundedMinor: 0, status: 'refunded' });
  expect(await refundsOf(id)).toMatchObject([
    { destination: 'source', status: 'refused', failureCode: 'charge_disputed' },
    { destination: 'wallet', status: 'completed', amountMinor: 6_000, reason: 'cancelled' },
  ]);
  const lots = await db()
    .selectFrom('walletLot')
    .where('account', '=', wallet.code)
    .where('remainingMinor', '>', 0)
    .select(['kind', 'remainingMinor', 'paymentId'])
    .orderBy('id')
    .execute();
  expect(lots).toEqual([
    { kind: 'promotion', remainingMinor: 100_000, paymentId: null },
    { kind: 'refund', remainingMinor: 6_000, paymentId: payment.id },
  ]);
  expect(await told(id)).toMatchObject([{ kind: 'refund_to_wallet' }, { kind: 'refund_to_wallet' }]);
  await expectBooks(db());
});

test('pending at the provider is processing; a late `pending` takes nothing back', async () => {
  const { refundId } = await goingBack();
  const { providerRef } = succeeded();
  const pending: RefundNews = { status: 'pending', providerRef, failureCode: null };
  expect(await settleRefund(db(), refundId, pending)).toBe('processing');
  expect(await settleRefund(db(), refundId, { ...pending, status: 'succeeded' })).toBe('completed');
  expect(await settleRefund(db(), refundId, pending)).toBe('completed');
  expect(await settleRefund(db(), refundId, null)).toBe('completed');
  await expectBooks(db());
});

test('a bank that returns it afterwards: out of the clearing again, and on the wallet', async () => {
  const { id, payment, refundId, wallet } = await goingBack();
  const [clearingBefore] = await clearingAndPending();
  const news = succeeded();
  await settleRefund(db(), refundId, news);
  const failed: RefundNews = { ...news, status: 'refused', failureCode: 'expired_or_canceled_card' };
  expect(await settleRefund(db(), refundId, failed)).toBe('refused');
  expect((await clearingAndPending())[0]).toBe(clearingBefore);
  expect(await balanceOf(db(), wallet)).toBe(106_000);
  expect(await paymentOf(payment.id)).toMatchObject({ refundingMinor: 0, refundedMinor: 0 });
  expect(await settleRefund(db(), refundId, news)).toBe('refused');
  expect((await refundsOf(id)).map(({ status }) => status)).toEqual(['refused', 'completed']);
  await expectBooks(db());
});

describe('at once', () => {
  test('twenty answers that say the same move the money once', async () => {
    const { refundId, wallet, id } = await goingBack();
    const news = succeeded();
    const answers = await Promise.all(Array.from({ length: 20 }, () => settleRefund(db(), refundId, news)));
    expect(new Set(answers)).toEqual(new Set(['completed']));
    expect(await balanceOf(db(), wallet)).toBe(100_000);
    expect(await told(id)).toHaveLength(2);
    await expectBooks(db());
  });

  test('completed and refused in any order end alike: with the provider’s last word', async () => {
    const { refundId, wallet } = await goingBack();
    const news = succeeded();
    const failed: RefundNews = { ...news, status: 'refused', failureCode: 'lost' };
    await Promise.all([news, failed, news, failed].map((one) => settleRefund(db(), refundId, one)));
    expect(await settleRefund(db(), refundId, null)).toBe('refused');
    expect(await balanceOf(db(), wallet)).toBe(106_000);
    await expectBooks(db());
  });

  test('two refunds never exceed what was captured', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    const { id: paymentId } = await paidByCard(db(), id);
    const { record } = (await loadAppointment(db(), id))!;
    const wish = { chargeMinor: 0, refundTo: 'wallet', reason: 'test', actor: SYSTEM } as const;
    await db()
      .transaction()
      .execute((trx) => releaseMoney(trx, record, wish));
    const payment = await paymentOf(paymentId);
    const ask = () =>
      db()
        .transaction()
        .execute((trx) =>
          requestRefund(trx, {
            payment,
            appointmentId: id,
            amountMinor: 4_000,
            currency: 'INR',
            reason: 'test',
            actor: SYSTEM,
          }),
        );
    const asked = await Promise.allSettled(Array.from({ length: 4 }, ask));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await paymentOf(paymentId)).toMatchObject({ capturedMinor: 6_000, refundingMinor: 4_000 });
    await expectBooks(db());
  });
});

test('one refund at the provider is one of ours: a second that claims it is refused', async () => {
  const [one, other] = [await goingBack(), await goingBack()];
  const news = succeeded();
  await settleRefund(db(), one.refundId, news);
  expect(await settleRefund(db(), other.refundId, news)).toBe('refused');
  expect((await refundsOf(other.id))[0]).toMatchObject({ providerRef: null, failureCode: 'refunded_already' });
  await expectBooks(db());
});

test('one made by hand waits for attention until a refund of ours turns out to be it', async () => {
  const { refundId, payment } = await goingBack();
  const foreign = {
    provider: 'stripe' as const,
    providerRef: `re_${randomUUID()}`,
    paymentId: payment.id,
    amountMinor: 6_000,
    currency: 'INR',
  };
  await Promise.all([recordForeignRefund(db(), foreign), recordForeignRefund(db(), foreign)]);
  const open = async () => (await openForeignRefunds(db(), 10)).filter((row) => row.paymentId === payment.id);
  expect(await open()).toMatchObject([foreign]);
  await settleRefund(db(), refundId, { ...succeeded(), providerRef: foreign.providerRef });
  expect(await open()).toEqual([]);
});

test('the relay claims what is due, leaves it for a while, and not what was started', async () => {
  const { refundId } = await goingBack();
  const claimed = async () => (await claimRefunds(db(), 100)).map(({ id }) => id);
  const both = await Promise.all([claimed(), claimed()]);
  expect(both.flat().filter((id) => id === refundId)).toHaveLength(1);
  const due = () => db().selectFrom('refund').where('id', '=', refundId).select(['nextAttemptAt', 'attempts']);
  expect(await due().executeTakeFirst()).toEqual({ nextAttemptAt: expect.any(Date) as Date, attempts: 1 });
  expect(await claimed()).not.toContain(refundId);
  await markRefundsStarted(db(), [refundId]);
  expect(await due().executeTakeFirst()).toMatchObject({ nextAttemptAt: null });
});

test('what is no refund to a source is none', async () => {
  expect(await settleRefund(db(), randomUUID(), succeeded())).toBeNull();
});
