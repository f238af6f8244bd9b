import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { balanceOf, expectBooksInOrder, newsOf, paidByCard, tell, toppedUp } from '../tests/support/disputes.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { disputeLoss, platformFee, therapistPayable } from './accounts.js';
import { reverseDisputedEarnings } from './dispute-reversal.js';
import type { DisputeNews } from './disputes.js';
import { createPayoutBatch } from './payouts.js';

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

describe('an admin reverses the earnings of a lost dispute', () => {
  const by = { actor: { role: 'admin' as const, id: null }, reason: 'the session never took place' };
  const idOf = async ({ disputeRef }: DisputeNews) =>
    (await db().selectFrom('dispute').where('providerRef', '=', disputeRef).select('id').executeTakeFirstOrThrow()).id;

  test('therapist and fee bear it, once', async () => {
    const { parties, news, id } = await paidByCard(db(), 'stripe', { settled: true });
    await lose(news);
    const fee = platformFee('INR', id);
    const fees = await balance(fee);
    const reverse = async () => reverseDisputedEarnings(db(), await idOf(news), by);
    let answers: unknown[] = [];
    const undone = await moved(disputeLoss('INR'), async () => {
      answers = await Promise.all([reverse(), reverse(), reverse()]);
    });
    expect(undone).toBe(6_000);
    expect(answers).toContainEqual({
      outcome: 'reversed',
      currency: 'INR',
      grossMinor: 6_000,
      feeMinor: 1_200,
      netMinor: 4_800,
    });
    expect(answers.filter((answer) => (answer as { outcome: string }).outcome === 'nothing_to_reverse')).toHaveLength(
      2,
    );
    expect(await balance(therapistPayable(parties.therapist.id, 'INR'))).toBe(0);
    expect((await balance(fee)) - fees).toBe(-1_200);
    await expectBooksInOrder(db());
  });

  test('only as much as the dispute cost, and after a payout the payable is negative', async () => {
    const { id, parties, news } = await paidByCard(db(), 'stripe', { settled: true });
    const part = { ...news, amountMinor: 1_001 };
    await lose(part);
    await db()
      .updateTable('earningEntry')
      .set({ payableAt: new Date(0) })
      .where('appointmentId', '=', id)
      .execute();
    const batch = { id: randomUUID(), currency: 'INR', rail: 'csv' as const, createdBy: parties.admin.id };
    await createPayoutBatch(db(), batch);
    expect(await reverseDisputedEarnings(db(), await idOf(part), by)).toMatchObject({
      grossMinor: 1_001,
      feeMinor: 200,
      netMinor: 801,
    });
    expect(await balance(therapistPayable(parties.therapist.id, 'INR'))).toBe(-801);
    await expectBooksInOrder(db());
  });

  test('refused while it is open, when it was won, and for a top-up', async () => {
    const { news, parties } = await paidByCard(db(), 'stripe', { settled: true });
    await tell(db(), news);
    expect(await reverseDisputedEarnings(db(), await idOf(news), by)).toEqual({ outcome: 'dispute_not_lost' });
    await tell(db(), { ...news, status: 'won' });
    expect(await reverseDisputedEarnings(db(), await idOf(news), by)).toEqual({ outcome: 'dispute_not_lost' });
    const paymentId = await toppedUp(db(), parties.client.id, 'stripe', 5_000);
    const topUp = newsOf('stripe', paymentId, { amountMinor: 5_000 });
    await lose(topUp);
    expect(await reverseDisputedEarnings(db(), await idOf(topUp), by)).toEqual({ outcome: 'nothing_to_reverse' });
    expect(await reverseDisputedEarnings(db(), randomUUID(), by)).toEqual({ outcome: 'dispute_not_found' });
  });
});
