import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePerson, type TestPerson } from '../tests/support/people.js';
import { topUpSchema } from './routes/top-ups.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
let client: TestPerson;

beforeAll(async () => {
  world = await createApiWorld();
  const limit = (method: 'stripe' | 'razorpay', currency: string, maxMinor: number, isEnabled = true) => ({
    method,
    currency,
    maxMinor,
    isEnabled,
  });
  await world.db
    .insertInto('topUpLimit')
    .values([
      limit('stripe', 'EUR', 50_000),
      limit('razorpay', 'EUR', 50_000, false),
      limit('stripe', 'KWD', 50_000),
      limit('stripe', 'JPY', 50_000),
      limit('razorpay', 'INR', 50_000),
      limit('stripe', 'INR', 50_000),
    ])
    .execute();
});
afterAll(() => world.close());
beforeEach(async () => {
  client = await makePerson(world.db, 'client');
});

const strict = topUpSchema.strict();
const topUp = (currency: string, body: object, key: string = randomUUID()) =>
  world.post(client, `/v1/wallets/${currency}/top-ups`, body, key);
const wallets = async () =>
  (await world.send(client, '/v1/wallets')).body['items'] as { currency: string; balanceMinor: number }[];
const refOf = (answer: { body: Record<string, unknown> }) => {
  const { stripe, razorpay } = strict.parse(answer.body);
  return razorpay?.orderId ?? stripe!.clientSecret.split('_secret_')[0]!;
};
const ordersOf = (paymentId: string) => world.sandbox.control.payments.list({ metadata: { paymentId } });
const balanceOf = (currency: string) =>
  expect.poll(async () => (await wallets()).find((wallet) => wallet.currency === currency)?.balanceMinor ?? 0);

describe('a top-up', () => {
  test.each([
    ['stripe', 'EUR', 2_500],
    ['stripe', 'JPY', 800],
    ['stripe', 'KWD', 5_120],
    ['razorpay', 'INR', 10_000],
  ])('by %s in %s is the wallet’s once the provider says so', async (method, currency, amountMinor) => {
    const started = await topUp(currency, { method, amountMinor });
    expect(started.status).toBe(201);
    expect(strict.parse(started.body)).toMatchObject({ purpose: 'top_up', status: 'pending', amountMinor, currency });
    expect(await wallets()).toEqual([]);
    world.sandbox.control.payments.act(refOf(started), 'pay');
    await balanceOf(currency).toBe(amountMinor);
    const row = await world.db
      .selectFrom('payment')
      .where('clientId', '=', client.id)
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: 'completed', capturedMinor: amountMinor, appointmentId: null });
  });

  test('told of five times, shuffled, is credited once', async () => {
    world.sandbox.control.setWebhookMode({ provider: 'stripe', duplicates: 4, reorder: true });
    const started = await topUp('EUR', { method: 'stripe', amountMinor: 3_000 });
    world.sandbox.control.payments.act(refOf(started), 'pay');
    await balanceOf('EUR').toBe(3_000);
    const waiting = () => world.sandbox.control.webhooks().filter(({ state }) => state === 'pending');
    await expect.poll(waiting).toEqual([]);
    world.sandbox.control.setWebhookMode({ provider: 'stripe' });
    await balanceOf('EUR').toBe(3_000);
    const lots = await world.db
      .selectFrom('walletLot')
      .innerJoin('account', 'account.code', 'walletLot.account')
      .where('account.ownerId', '=', client.id)
      .select(['walletLot.kind', 'walletLot.amountMinor', 'walletLot.paymentId'])
      .execute();
    expect(lots).toEqual([{ kind: 'top_up', amountMinor: 3_000, paymentId: started.body['id'] }]);
  });

  test('declined stays open and can be paid by the same checkout', async () => {
    const key = randomUUID();
    const input = { method: 'stripe', amountMinor: 3_000 };
    const started = await topUp('EUR', input, key);
    world.sandbox.control.payments.act(refOf(started), 'decline');
    const statusOf = async () =>
      (await world.db.selectFrom('payment').where('clientId', '=', client.id).select('status').executeTakeFirst())
        ?.status;
    await expect.poll(statusOf).toBe('failed');
    const again = await topUp('EUR', input, key);
    expect(refOf(again)).toBe(refOf(started));
    world.sandbox.control.payments.act(refOf(again), 'pay');
    await balanceOf('EUR').toBe(3_000);
  });

  test('asked for ten times at once with one key is one checkout, and its secret is stored nowhere', async () => {
    const key = randomUUID();
    const input = { method: 'stripe', amountMinor: 4_000 };
    const answers = await Promise.all(Array.from({ length: 10 }, () => topUp('EUR', input, key)));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const started = await topUp('EUR', input, key);
    expect(started.headers.get('idempotent-replayed')).toBe('true');
    expect(ordersOf(String(started.body['id']))).toHaveLength(1);
    const stored = await world.db.selectFrom('idempotencyKey').where('key', '=', key).selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain('_secret_');
  });
});

describe('is refused', () => {
  test.each([
    ['by a method that is switched off', 'EUR', 'razorpay', 1_000, { why: 'disabled', maxMinor: 50_000 }],
    ['by a method without a limit', 'JPY', 'razorpay', 1_000, { why: 'disabled', maxMinor: null }],
    ['above the maximum', 'EUR', 'stripe', 50_001, { why: 'above_maximum', maxMinor: 50_000, minMinor: 50 }],
    ['below what the provider charges', 'EUR', 'stripe', 49, { why: 'below_minimum', minMinor: 50 }],
    ['below what Razorpay charges', 'INR', 'razorpay', 99, { why: 'below_minimum', minMinor: 100 }],
  ])('%s', async (_why, currency, method, amountMinor, facts) => {
    expect(await topUp(currency, { method, amountMinor })).toMatchObject({
      status: 409,
      body: { code: 'top_up_limit', ...facts },
    });
    expect(await world.db.selectFrom('payment').where('clientId', '=', client.id).select('id').execute()).toEqual([]);
  });

  test('in a currency that has no wallets', async () => {
    const answer = await topUp('CHF', { method: 'stripe', amountMinor: 1_000 });
    expect(answer).toMatchObject({ status: 409, body: { code: 'currency_mismatch' } });
    expect((await topUp('eur', { method: 'stripe', amountMinor: 1_000 })).status).toBe(404);
  });

  test('in a third decimal that is not charged, with the remedy', async () => {
    const answer = await topUp('KWD', { method: 'stripe', amountMinor: 5_124 });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'invalid_request',
        errors: [{ field: 'body.amountMinor', message: expect.stringMatching(/must end in 0/) as string }],
      },
    });
  });

  test.each([[0], [-5], [10.5], ['1000'], [null], [2 ** 60]])('for %j, which is no amount', async (amountMinor) => {
    expect((await topUp('EUR', { method: 'stripe', amountMinor })).status).toBe(422);
  });

  test('without a key, from the wallet, and to others than clients', async () => {
    const input = { method: 'stripe', amountMinor: 1_000 };
    expect(await world.post(client, '/v1/wallets/EUR/top-ups', input)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_required' },
    });
    expect((await topUp('EUR', { ...input, method: 'wallet' })).status).toBe(422);
    const { therapist } = world.parties;
    expect((await world.post(therapist, '/v1/wallets/EUR/top-ups', input, 'k')).status).toBe(403);
  });
});

test('with the provider away it is 503, and the same key opens the same top-up later', async () => {
  const key = randomUUID();
  const input = { method: 'stripe', amountMinor: 1_000 };
  world.sandbox.control.addFault({ provider: 'stripe', kind: 'reset_before' });
  expect(await topUp('EUR', input, key)).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } });
  world.sandbox.control.clearFaults();
  expect((await topUp('EUR', input, key)).status).toBe(201);
  expect(await world.db.selectFrom('payment').where('clientId', '=', client.id).select('id').execute()).toHaveLength(1);
});
