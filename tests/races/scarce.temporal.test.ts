import { afterAll, beforeAll, describe, test } from 'vitest';
import { makeClient, makeTherapist, type TestPerson } from '../support/people.js';
import { brokenRules } from '../support/provider-books.js';
import { arrange, createRaceWorld, LIMIT_MS, type RaceWorld } from './racing.js';
import { ask, inOrder, post } from './contenders.js';
import { leftBy, moneyOf, said } from './outcome.js';
import * as steps from '../support/steps.js';
import { rowAndReferencesOf, rowOf, slotsOf, walletOf } from './hold.js';

/** Two who want what is there once: a slot, the money of a wallet, the price to return, the one review. */

let world: RaceWorld;
beforeAll(async () => {
  world = await createRaceWorld();
});
afterAll(() => world.close());

describe.concurrent('two bookings of one slot', { timeout: LIMIT_MS }, () => {
  test.for([0, 1])('client %i comes first and has it; the other’s workflow ends refused', async (first, { expect }) => {
    const { db } = world;
    const therapist = await makeTherapist(db, { minuteMs: 1_000, paymentWindowMinutes: 300 });
    const clients = [await makeClient(db), await makeClient(db)];
    const [winner, loser] = first === 0 ? clients : clients.toReversed();
    const startsAt = new Date(Date.now() + 600_000).toISOString();
    const booking = { therapistId: therapist.id, startsAt, durationMinutes: 60, sessionMode: 'chat' };
    const book = (client: TestPerson) => post(world, client, '/v1/appointments', booking);
    const sends = [book(winner!), book(loser!)];
    const answers = await inOrder(
      world,
      slotsOf(therapist.id),
      null,
      sends.map((send) => ({ send, at: 'lock' as const })),
    );
    expect(answers.map(said)).toEqual(['201 scheduled', '409 slot_taken']);
    const rows = await db
      .selectFrom('appointment')
      .where('therapistId', '=', therapist.id)
      .select('clientId')
      .execute();
    expect(rows).toEqual([{ clientId: winner!.id }]);
    const { resourceId } = await db
      .selectFrom('idempotencyKey')
      .where('key', '=', sends[1]!.key)
      .select('resourceId')
      .executeTakeFirstOrThrow();
    expect(await steps.handleOf(world, resourceId).result()).toEqual({ ended: 'refused', code: 'slot_taken' });
  });
});

describe.concurrent('two wallet payments with money for one', { timeout: LIMIT_MS }, () => {
  test.for([0, 1])('session %i is paid first: the other is refused', async (first, { expect }) => {
    const client = await makeClient(world.db, 6_000);
    const both = [
      await arrange(world, { stage: 'booked', client }),
      await arrange(world, { stage: 'booked', client, farMs: 1_200_000 }),
    ];
    const [paid, unpaid] = first === 0 ? both : both.toReversed();
    const answers = await inOrder(
      world,
      walletOf(client.id),
      paid!,
      [paid!, unpaid!].map((racing) => ({
        send: ask(world, client, racing, 'payments', { method: 'wallet' }),
        at: 'lock',
      })),
    );
    expect(answers.map(said)).toEqual(['201 completed', '409 insufficient_funds']);
    expect(await leftBy(world, paid!.id)).toMatchObject({ hold: 'held', timeline: ['booked', 'payment_settled'] });
    expect(await leftBy(world, unpaid!.id)).toMatchObject({ hold: 'none', timeline: ['booked'] });
    expect(await moneyOf(world.db, paid!)).toEqual({ wallet: 6_000, held: 6_000, earned: 0 });
  });
});

describe.concurrent('two admins’ refunds of one session', { timeout: LIMIT_MS }, () => {
  test.for([
    { wish: {}, left: 0 },
    { wish: { amountMinor: 4_000 }, left: 2_000 },
  ])('$wish twice: the first is made, the second hears that $left are left', async ({ wish, left }, { expect }) => {
    const racing = await arrange(world, { stage: 'completed' });
    const path = `/v1/admin/appointments/${racing.id}/refunds`;
    const answers = await inOrder(
      world,
      rowOf(racing.id),
      racing,
      [world.admin, world.other].map((admin) => ({
        send: post(world, admin, path, { reason: 'a test', ...wish }),
        at: 'lock',
      })),
    );
    expect(answers.map(said)).toEqual(['201 completed', '409 amount_too_large']);
    expect(answers[1]!.body['refundableMinor']).toBe(left);
    const { ledger, timeline, told } = await leftBy(world, racing.id);
    expect(ledger).toEqual(['settle', 'earnings_reversed']);
    expect(timeline.filter((kind) => kind === 'refunded')).toHaveLength(1);
    expect(told).toContain('refund_completed client');
    expect(await moneyOf(world.db, racing)).toEqual({ wallet: 100_000 - left, held: 0, earned: (left * 4) / 5 });
  });
});

describe.concurrent('two reviews of one session', { timeout: LIMIT_MS }, () => {
  test.for([
    [5, 1],
    [1, 5],
  ])('%i stars come before %i: the first stays', async ([first, second], { expect }) => {
    const racing = await arrange(world, { stage: 'completed' });
    const answers = await inOrder(
      world,
      rowAndReferencesOf(racing.id),
      racing,
      [first, second].map((rating) => ({ send: ask(world, racing.client, racing, 'review', { rating }), at: 'lock' })),
    );
    expect(answers.map(said)).toEqual(['201', '409 review_exists']);
    const reviews = await world.db
      .selectFrom('review')
      .where('appointmentId', '=', racing.id)
      .select('rating')
      .execute();
    expect(reviews).toEqual([{ rating: first }]);
  });
});

test('the books are right after all of it', async ({ expect }) => {
  expect(await brokenRules(world.db)).toEqual([]);
});
