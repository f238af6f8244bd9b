import { describe, expect, test } from 'vitest';
import {
  balanceOf,
  expectBooksInOrder,
  newsOf,
  paidByCard,
  paymentOf,
  settle,
  tell,
} from '../tests/support/disputes.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { clearing, clientReceivable, disputed, disputeLoss, therapistPayable } from './accounts.js';
import { hasOpenDispute, type DisputeNews } from './disputes.js';
import { readTimeline } from './timeline.js';

const db = useTestDatabase();

const disputeOf = ({ disputeRef }: DisputeNews) =>
  db().selectFrom('dispute').where('providerRef', '=', disputeRef).selectAll().executeTakeFirstOrThrow();
const earningsOf = (id: string) =>
  db().selectFrom('earningEntry').where('appointmentId', '=', id).selectAll().orderBy('id').execute();
const balance = ({ code }: { code: string }) => balanceOf(db(), code);

/** How much an account moved during `work`. */
async function moved(account: { code: string }, work: () => Promise<unknown>): Promise<number> {
  const before = await balance(account);
  await work();
  return (await balance(account)) - before;
}

describe.each(['stripe', 'razorpay'] as const)('%s: a dispute about a settled session', (method) => {
  test('opened: counted as gone, earnings frozen, admins told with the deadline for evidence', async () => {
    const { id, parties, paymentId, news } = await paidByCard(db(), method, { settled: true });
    expect(await moved(disputed('INR'), () => tell(db(), news))).toBe(-6_000);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'disputed', disputedMinor: 6_000 });
    const dispute = await disputeOf(news);
    expect(dispute).toMatchObject({ status: 'open', countedMinor: 6_000, closedAt: null });
    expect(await earningsOf(id)).toMatchObject([{ kind: 'session', frozenBy: dispute.id }]);
    expect(await hasOpenDispute(db(), paymentId)).toBe(true);
    expect((await readTimeline(db(), id)).at(-1)).toMatchObject({
      kind: 'dispute_opened',
      actorRole: 'provider',
      detail: { disputeId: dispute.id, amountMinor: 6_000, evidenceDueAt: '2027-01-05T12:00:00.000Z' },
    });
    const told = await db().selectFrom('notification').where('appointmentId', '=', id).selectAll().execute();
    const ofDispute = told.filter(({ kind }) => kind === 'dispute_opened');
    expect(ofDispute.some(({ recipientId }) => recipientId === parties.admin.id)).toBe(true);
    expect(new Set(ofDispute.map(({ recipientRole }) => recipientRole))).toEqual(new Set(['admin']));
    await expectBooksInOrder(db());
  });

  test('won: all of it back, the earning may be paid out', async () => {
    const { id, paymentId, news } = await paidByCard(db(), method, { settled: true });
    const cash = await balance(clearing(method, 'INR'));
    await tell(db(), news);
    await tell(db(), { ...news, status: 'won' });
    expect(await balance(clearing(method, 'INR'))).toBe(cash);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'completed', disputedMinor: 0 });
    expect(await disputeOf(news)).toMatchObject({ status: 'won', countedMinor: 0, closedAt: expect.any(Date) });
    expect(await earningsOf(id)).toMatchObject([{ frozenBy: null }]);
    expect(await hasOpenDispute(db(), paymentId)).toBe(false);
    expect((await readTimeline(db(), id)).at(-1)).toMatchObject({ kind: 'dispute_closed', detail: { result: 'won' } });
    await expectBooksInOrder(db());
  });

  test('lost: the platform’s loss, and never refundable again', async () => {
    const { id, parties, paymentId, news } = await paidByCard(db(), method, { settled: true });
    await tell(db(), news);
    expect(await moved(disputeLoss('INR'), () => tell(db(), { ...news, status: 'lost' }))).toBe(-6_000);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'disputed', disputedMinor: 6_000 });
    expect(await earningsOf(id)).toMatchObject([{ frozenBy: null, netMinor: 4_800 }]);
    expect(await balance(therapistPayable(parties.therapist.id, 'INR'))).toBe(4_800);
    expect(await balance(clientReceivable(parties.client.id, 'INR'))).toBe(0);
    await expectBooksInOrder(db());
  });

  test('five times each, in any order: once', async () => {
    for (const last of ['won', 'lost'] as const) {
      const { paymentId, news } = await paidByCard(db(), method, { settled: true });
      const states = ['open', 'inquiry', last, 'open', last, 'inquiry', last, 'open', last, last] as const;
      await Promise.all(states.map((status) => tell(db(), { ...news, status })));
      expect(await disputeOf(news)).toMatchObject({ status: last, countedMinor: last === 'won' ? 0 : 6_000 });
      expect(await paymentOf(db(), paymentId)).toMatchObject({ disputedMinor: last === 'won' ? 0 : 6_000 });
      await expectBooksInOrder(db());
    }
  });
});

describe('the order of news', () => {
  test('won before it was opened: closed, and nothing has moved', async () => {
    const { id, paymentId, news } = await paidByCard(db(), 'stripe', { settled: true });
    const cash = await balance(clearing('stripe', 'INR'));
    await tell(db(), { ...news, status: 'won' });
    await tell(db(), news);
    expect(await balance(clearing('stripe', 'INR'))).toBe(cash);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'completed', disputedMinor: 0 });
    const kinds = (await readTimeline(db(), id)).map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(['dispute_opened', 'dispute_closed']);
  });

  test('lost at once: counted and lost', async () => {
    const { paymentId, news } = await paidByCard(db(), 'stripe', { settled: true });
    expect(await moved(disputeLoss('INR'), () => tell(db(), { ...news, status: 'lost' }))).toBe(-6_000);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ disputedMinor: 6_000 });
    await expectBooksInOrder(db());
  });

  test('an inquiry moves nothing, refuses nothing, and may become a dispute', async () => {
    const { paymentId, news } = await paidByCard(db(), 'stripe', { settled: true });
    expect(await moved(disputed('INR'), () => tell(db(), { ...news, status: 'inquiry' }))).toBe(0);
    expect(await hasOpenDispute(db(), paymentId)).toBe(false);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'completed' });
    expect(await moved(disputed('INR'), () => tell(db(), news))).toBe(-6_000);
  });

  test('decided once more, the other way: contradicted, and nothing moves', async () => {
    const { news } = await paidByCard(db(), 'stripe', { settled: true });
    await tell(db(), { ...news, status: 'lost' });
    expect(
      await moved(disputeLoss('INR'), async () => {
        expect(await tell(db(), { ...news, status: 'won' })).toMatchObject({ outcome: 'contradicted' });
      }),
    ).toBe(0);
    expect(await disputeOf(news)).toMatchObject({ status: 'lost' });
  });

  test('about a payment that nobody knows: nothing is written', async () => {
    const news = newsOf('stripe', 'nobody');
    expect(await tell(db(), news)).toEqual({ outcome: 'unknown_payment' });
    const { paymentId } = await paidByCard(db(), 'razorpay');
    expect(await tell(db(), newsOf('stripe', paymentId, { paymentId }))).toEqual({ outcome: 'unknown_payment' });
  });
});

test('our own id finds the payment whose reference was never written', async () => {
  const { paymentId, news } = await paidByCard(db(), 'razorpay', { settled: true });
  await db().updateTable('payment').set({ providerRef: null, chargeRef: null }).where('id', '=', paymentId).execute();
  expect(await tell(db(), { ...news, paymentId })).toMatchObject({ outcome: 'applied', paymentId });
});

test('an earning settled while the dispute is open is frozen from the start', async () => {
  const { id, news } = await paidByCard(db(), 'stripe');
  await tell(db(), news);
  await settle(db(), id);
  expect(await earningsOf(id)).toMatchObject([{ frozenBy: (await disputeOf(news)).id }]);
  await tell(db(), { ...news, status: 'won' });
  expect(await earningsOf(id)).toMatchObject([{ frozenBy: null }]);
});

test('with two disputes of one payment, the one still open keeps the earning frozen', async () => {
  const { id, paymentId, news } = await paidByCard(db(), 'stripe', { settled: true });
  const first = { ...news, amountMinor: 2_000 };
  const second = newsOf('stripe', paymentId, { amountMinor: 4_000 });
  await tell(db(), first);
  await tell(db(), second);
  await tell(db(), { ...first, status: 'won' });
  expect(await earningsOf(id)).toMatchObject([{ frozenBy: (await disputeOf(second)).id }]);
  expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'disputed', disputedMinor: 4_000 });
  await tell(db(), { ...second, status: 'won' });
  expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'completed', disputedMinor: 0 });
  await expectBooksInOrder(db());
});
