import { describe, expect, test } from 'vitest';
import { SYSTEM } from '../domain/types.js';
import {
  bookAppointment,
  DAY_MS,
  makeParties,
  MINUTE_MS,
  passUntilStart,
  recordOf,
  type Parties,
} from '../tests/support/appointments.js';
import {
  balanceOf,
  expectBooksInOrder,
  newsOf,
  paidByCard,
  paymentOf,
  settle,
  tell,
  toppedUp,
} from '../tests/support/disputes.js';
import { makeClient } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { clientReceivable, clientWallet, disputeLoss, therapistPayable } from './accounts.js';
import { commitAppointment } from './commit.js';
import { disputesToReview } from './dispute-events.js';
import type { DisputeNews } from './disputes.js';
import { resolveHold } from './holds.js';
import { payByWallet } from './payment-requests.js';
import { requestRefund } from './refund-requests.js';

const db = useTestDatabase();
const balance = ({ code }: { code: string }) => balanceOf(db(), code);

async function moved(account: { code: string }, work: () => Promise<unknown>): Promise<number> {
  const before = await balance(account);
  await work();
  return (await balance(account)) - before;
}

const lose = async (news: DisputeNews) => {
  await tell(db(), news);
  await tell(db(), { ...news, status: 'lost' });
};

/** A client whose wallet holds a top-up of 100.00 alone. */
async function withTopUp(method: 'stripe' | 'razorpay' = 'stripe') {
  const parties: Parties = { ...(await makeParties(db())), client: await makeClient(db(), 0) };
  const paymentId = await toppedUp(db(), parties.client.id, method, 10_000);
  const news = newsOf(method, paymentId, { amountMinor: 10_000 });
  return { parties, paymentId, news, wallet: clientWallet(parties.client.id, 'INR') };
}

/** Holds 60.00 of the wallet for a session. */
async function heldSession(parties: Parties, inMs = DAY_MS): Promise<string> {
  const id = await bookAppointment(db(), parties, { inMs });
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
  return id;
}

describe.each(['stripe', 'razorpay'] as const)('a top-up by %s, lost', (method) => {
  test('unspent: all of it is taken back', async () => {
    const { parties, news, wallet } = await withTopUp(method);
    expect(await moved(disputeLoss('INR'), () => lose(news))).toBe(0);
    expect(await balance(wallet)).toBe(0);
    expect(await balance(clientReceivable(parties.client.id, 'INR'))).toBe(0);
    await expectBooksInOrder(db());
  });

  test('partly spent: what is left is taken back, the rest the client owes, and no wallet is negative', async () => {
    const { parties, news, wallet } = await withTopUp(method);
    const id = await heldSession(parties);
    await tell(db(), news);
    await settle(db(), id);
    await tell(db(), { ...news, status: 'lost' });
    expect(await balance(wallet)).toBe(0);
    expect(await balance(clientReceivable(parties.client.id, 'INR'))).toBe(-6_000);
    expect(await balance(therapistPayable(parties.therapist.id, 'INR'))).toBe(4_800);
    await expectBooksInOrder(db());
  });

  test('won: nothing is taken', async () => {
    const { news, wallet, paymentId } = await withTopUp(method);
    await tell(db(), news);
    await tell(db(), { ...news, status: 'won' });
    expect(await balance(wallet)).toBe(10_000);
    expect(await paymentOf(db(), paymentId)).toMatchObject({ status: 'completed', disputedMinor: 0 });
    await expectBooksInOrder(db());
  });
});

test('money held for a session: the session is kept, its price is the platform’s loss', async () => {
  const { parties, news, wallet } = await withTopUp();
  const id = await heldSession(parties);
  expect(await moved(disputeLoss('INR'), () => lose(news))).toBe(-6_000);
  expect(await balance(wallet)).toBe(6_000);
  await settle(db(), id);
  expect(await balance(wallet)).toBe(0);
  expect(await balance(clientReceivable(parties.client.id, 'INR'))).toBe(0);
  await expectBooksInOrder(db());
});

test('and what comes back when that session falls through is taken for the loss, once', async () => {
  const { parties, news, wallet } = await withTopUp();
  const id = await heldSession(parties);
  await lose(news);
  const record = await recordOf(db(), id);
  await db()
    .transaction()
    .execute((trx) => resolveHold(trx, record, 0));
  expect(await disputesToReview(db(), 100)).toContainEqual({ provider: 'stripe', disputeRef: news.disputeRef });
  const again = () => tell(db(), { ...news, status: 'lost' });
  expect(await moved(disputeLoss('INR'), again)).toBe(6_000);
  expect(await balance(wallet)).toBe(0);
  expect(await moved(disputeLoss('INR'), again)).toBe(0);
  expect(await disputesToReview(db(), 100)).not.toContainEqual({ provider: 'stripe', disputeRef: news.disputeRef });
  await expectBooksInOrder(db());
});

test('an appointment’s money that is still held: the platform’s loss, whether it settles or not', async () => {
  const { id, news } = await paidByCard(db(), 'razorpay');
  expect(await moved(disputeLoss('INR'), () => lose(news))).toBe(-6_000);
  await settle(db(), id);
  await expectBooksInOrder(db());
});

test('a late cancellation: the fee is the platform’s loss, the credit is taken back', async () => {
  const { id, parties, news } = await paidByCard(db(), 'stripe');
  await settle(db(), id, 2_500);
  const wallet = clientWallet(parties.client.id, 'INR');
  const before = await balance(wallet);
  expect(await moved(disputeLoss('INR'), () => lose(news))).toBe(-2_500);
  expect(await balance(wallet)).toBe(before - 3_500);
  await expectBooksInOrder(db());
});

describe('an appointment that falls through while its payment is disputed', () => {
  /** Never activated: its hold is voided by the clock's commit. */
  async function expire(id: string): Promise<void> {
    await passUntilStart(db(), id, 11 * MINUTE_MS);
    await commitAppointment(db(), id);
    expect(await recordOf(db(), id)).toMatchObject({ status: 'expired', hold: 'voided' });
  }
  const refundsOf = (paymentId: string) =>
    db().selectFrom('refund').where('paymentId', '=', paymentId).select(['destination', 'status']).execute();

  test('open: the money stays on the wallet, and is taken from there when the dispute is lost', async () => {
    const { id, parties, paymentId, news } = await paidByCard(db(), 'stripe');
    const wallet = clientWallet(parties.client.id, 'INR');
    const before = await balance(wallet);
    await tell(db(), news);
    await expire(id);
    expect(await refundsOf(paymentId)).toEqual([{ destination: 'wallet', status: 'completed' }]);
    expect(await balance(wallet)).toBe(before);
    expect(await moved(disputeLoss('INR'), () => tell(db(), { ...news, status: 'lost' }))).toBe(0);
    expect(await balance(wallet)).toBe(before - 6_000);
    await expectBooksInOrder(db());
  });

  test('open and won: the client keeps the credit', async () => {
    const { id, parties, news } = await paidByCard(db(), 'razorpay');
    const wallet = clientWallet(parties.client.id, 'INR');
    const before = await balance(wallet);
    await tell(db(), news);
    await expire(id);
    await tell(db(), { ...news, status: 'won' });
    expect(await balance(wallet)).toBe(before);
    await expectBooksInOrder(db());
  });

  test('lost before: what comes free pays the platform’s loss, and nothing is refunded', async () => {
    const { id, parties, paymentId, news } = await paidByCard(db(), 'stripe');
    const wallet = clientWallet(parties.client.id, 'INR');
    const before = await balance(wallet);
    await lose(news);
    expect(await moved(disputeLoss('INR'), () => expire(id))).toBe(6_000);
    expect(await balance(wallet)).toBe(before - 6_000);
    expect(await refundsOf(paymentId)).toEqual([]);
    await expectBooksInOrder(db());
  });
});

test('more is disputed than the payment still has: capped, and counted on when a refund comes back', async () => {
  const { id, paymentId, news } = await paidByCard(db(), 'stripe');
  await settle(db(), id, 2_000);
  const refund = { appointmentId: id, amountMinor: 4_000, currency: 'INR', reason: 'asked', actor: SYSTEM };
  const payment = await paymentOf(db(), paymentId);
  await db()
    .transaction()
    .execute((trx) => requestRefund(trx, { ...refund, payment }));
  await tell(db(), news);
  expect(await paymentOf(db(), paymentId)).toMatchObject({ disputedMinor: 2_000, refundingMinor: 4_000 });
  const [dispute] = await db().selectFrom('dispute').where('paymentId', '=', paymentId).selectAll().execute();
  expect(dispute).toMatchObject({ amountMinor: 6_000, countedMinor: 2_000 });
  await tell(db(), { ...news, status: 'lost' });
  await expectBooksInOrder(db());
});

test('of another currency than the payment: nothing is counted', async () => {
  const { paymentId, news } = await paidByCard(db(), 'stripe');
  await lose({ ...news, currency: 'EUR' });
  expect(await paymentOf(db(), paymentId)).toMatchObject({ disputedMinor: 0, status: 'disputed' });
  await expectBooksInOrder(db());
});
