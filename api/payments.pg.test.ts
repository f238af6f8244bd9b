import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { grantPromotion } from '../db/promotions.js';
import { DAY_MS, makeParties, MINUTE_MS, passTime } from '../tests/support/appointments.js';
import { makeClient } from '../tests/support/people.js';
import { paymentSchema } from './schemas.js';
import { booked, over } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
});

const pay = (id: string, method: string, key: string = randomUUID()) =>
  world.post(own.parties.client, `/v1/appointments/${id}/payments`, { method }, key);
const current = (id: string) => world.send(own.parties.client, `/v1/appointments/${id}/payments/current`);
const read = async (id: string) => (await world.send(own.parties.client, `/v1/appointments/${id}`)).body;
const settledMessages = (id: string) =>
  world.db
    .selectFrom('message')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'payment_settled')
    .selectAll()
    .execute();
const strict = paymentSchema.strict();

describe('by wallet', () => {
  test('pays at once with Temporal away: hold, payment and message in one go', async () => {
    const id = await booked(own);
    const answer = await pay(id, 'wallet');
    expect(answer.status).toBe(201);
    expect(strict.parse(answer.body)).toMatchObject({
      appointmentId: id,
      method: 'wallet',
      status: 'completed',
      amountMinor: 6_000,
      currency: 'INR',
      failureCode: null,
    });
    await world.settled();
    expect(await settledMessages(id)).toMatchObject([
      { actorRole: 'client', deliveredAt: null, nextAttemptAt: expect.any(Date) as Date },
    ]);
    expect(await read(id)).toMatchObject({
      payment: { status: 'completed', method: 'wallet' },
      hold: 'held',
      allowedActions: ['cancel'],
    });
    const wallets = await world.send(own.parties.client, '/v1/wallets');
    expect(wallets.body).toMatchObject({
      items: [{ currency: 'INR', balanceMinor: 100_000, heldMinor: 6_000, availableMinor: 94_000 }],
      nextCursor: null,
    });
    expect((await current(id)).body).toEqual(answer.body);
  });

  test('is refused without the money, twice, and after the window', async () => {
    const client = await makeClient(world.db, 5_999);
    own = { db: world.db, parties: { ...own.parties, client } };
    const id = await booked(own);
    expect(await pay(id, 'wallet')).toMatchObject({
      status: 409,
      body: { code: 'insufficient_funds', remedy: expect.stringContaining('Top up') as string },
    });
    const grant = { idempotencyKey: randomUUID(), clientId: client.id, currency: 'INR', amountMinor: 1 };
    await world.db.transaction().execute((trx) => grantPromotion(trx, grant));
    expect((await pay(id, 'wallet')).status).toBe(201);
    expect(await pay(id, 'wallet')).toMatchObject({ status: 409, body: { code: 'already_paid' } });
    expect(await pay(id, 'stripe')).toMatchObject({ status: 409, body: { code: 'already_paid' } });
    const late = await booked(own, { inMs: 3 * DAY_MS });
    await passTime(world.db, late, 30 * MINUTE_MS);
    expect(await pay(late, 'wallet')).toMatchObject({ status: 409, body: { code: 'payment_window_over' } });
  });
});

test('there is nothing to resume before a payment was started', async () => {
  expect(await current(await booked(own))).toMatchObject({ status: 404, body: { code: 'no_payment' } });
});

describe('by Stripe', () => {
  test('opens one checkout, resumes it, and completes by the verified webhook alone', async () => {
    const id = await booked(own);
    const started = await pay(id, 'stripe');
    expect(started.status).toBe(201);
    const { stripe, status } = strict.parse(started.body);
    expect(status).toBe('pending');
    const resumed = await current(id);
    expect(resumed.body).toMatchObject({ id: started.body['id'], stripe });
    const again = await pay(id, 'stripe');
    expect(again.body).toMatchObject({ id: started.body['id'], stripe });
    world.sandbox.control.payments.act(stripe!.clientSecret.split('_secret_')[0]!, 'pay');
    await expect.poll(() => settledMessages(id)).toHaveLength(1);
    await commitAppointment(world.db, id);
    expect(await read(id)).toMatchObject({ payment: { status: 'completed', method: 'stripe' }, hold: 'held' });
    expect((await current(id)).body).not.toHaveProperty('stripe');
  });

  test('a declined card leaves the try open, and says why', async () => {
    const id = await booked(own);
    const { stripe } = strict.parse((await pay(id, 'stripe')).body);
    world.sandbox.control.payments.act(stripe!.clientSecret.split('_secret_')[0]!, 'decline');
    await expect
      .poll(async () => (await current(id)).body)
      .toMatchObject({ status: 'failed', failureCode: expect.stringMatching(/declin/) as string, stripe });
    expect(await read(id)).toMatchObject({ status: 'scheduled', allowedActions: expect.arrayContaining(['pay']) });
    expect(await settledMessages(id)).toEqual([]);
  });

  test('with Stripe away it is 503, and the same key opens the same try later', async () => {
    const id = await booked(own);
    world.sandbox.control.addFault({ provider: 'stripe', kind: 'reset_before' });
    const away = await pay(id, 'stripe', 'k');
    world.sandbox.control.clearFaults();
    expect(away).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } });
    const started = await pay(id, 'stripe', 'k');
    expect(started.status).toBe(201);
    expect(await world.db.selectFrom('payment').where('appointmentId', '=', id).select('id').execute()).toEqual([
      { id: started.body['id'] },
    ]);
  });
});

describe('by Razorpay', () => {
  const start = async (id: string) => strict.parse((await pay(id, 'razorpay')).body).razorpay!.orderId;
  const verify = (id: string, body: object) =>
    world.post(own.parties.client, `/v1/appointments/${id}/payments/razorpay/verify`, body);

  test('completes by the checkout’s signature with the webhook lost, once', async () => {
    world.sandbox.control.setWebhookMode({ provider: 'razorpay', hold: true });
    const id = await booked(own);
    const orderId = await start(id);
    const { paymentId, signature } = world.sandbox.control.payments.act(orderId, 'pay') as {
      paymentId: string;
      signature: string;
    };
    const wrong = { orderId, paymentId, signature: signature.replace(/^./, (first) => (first === '0' ? '1' : '0')) };
    expect(await verify(id, wrong)).toMatchObject({ status: 409, body: { code: 'signature_mismatch' } });
    expect(await settledMessages(id)).toEqual([]);
    const other = await booked(own, { inMs: 3 * DAY_MS });
    expect(await verify(other, { orderId, paymentId, signature })).toMatchObject({
      status: 409,
      body: { code: 'signature_mismatch' },
    });
    expect(await verify(id, { orderId, paymentId, signature })).toMatchObject({
      status: 200,
      body: { method: 'razorpay', appointmentId: id },
    });
    expect(await settledMessages(id)).toHaveLength(1);
    expect((await verify(id, { orderId, paymentId, signature })).status).toBe(200);
    world.sandbox.control.setWebhookMode({ provider: 'razorpay' });
    world.sandbox.control.flushWebhooks();
    const captured = () =>
      world.db
        .selectFrom('providerEvent')
        .where('provider', '=', 'razorpay')
        .where('type', 'in', ['payment.captured', 'order.paid'])
        .select('eventId')
        .execute();
    await expect.poll(async () => (await captured()).length).toBeGreaterThan(0);
    expect(await settledMessages(id)).toHaveLength(1);
    await commitAppointment(world.db, id);
    expect(await read(id)).toMatchObject({ payment: { status: 'completed', method: 'razorpay' }, hold: 'held' });
  });

  test('an authorised payment is captured behind the webhook’s answer', async () => {
    const id = await booked(own);
    const orderId = await start(id);
    world.sandbox.control.payments.act(orderId, 'authorize');
    await expect.poll(() => settledMessages(id)).toHaveLength(1);
    expect(world.sandbox.control.payments.get(orderId).status).toBe('paid');
  });
});

describe('money to look at', () => {
  test('a wallet’s transactions, the newest first and page by page; nobody else’s', async () => {
    const id = await over(own);
    const list = async (query = '') =>
      (await world.send(own.parties.client, `/v1/wallets/INR/transactions?${query}`)).body as {
        items: object[];
        nextCursor: string | null;
      };
    const all = await list();
    expect(all.items).toMatchObject([
      { kind: 'settle', amountMinor: -6_000, currency: 'INR', appointmentId: id },
      { kind: 'promotion', amountMinor: 100_000, currency: 'INR', appointmentId: null },
    ]);
    const first = await list('limit=1');
    const second = await list(`limit=1&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items]).toEqual(all.items);
    expect(second.nextCursor).toBeNull();
    expect((await world.send(own.parties.client, '/v1/wallets/EUR/transactions')).body).toEqual({
      items: [],
      nextCursor: null,
    });
    const earned = await world.send(own.parties.therapist, '/v1/earnings');
    expect(earned.body).toMatchObject({
      items: [{ appointmentId: id, currency: 'INR', grossMinor: 6_000, feeMinor: 1_200, netMinor: 4_800 }],
      totals: [{ sessions: 1, currency: 'INR', grossMinor: 6_000, feeMinor: 1_200, netMinor: 4_800 }],
      payouts: [],
      nextCursor: null,
    });
    expect((await world.send(world.parties.therapist, '/v1/earnings')).body).toMatchObject({ items: [], totals: [] });
  });
});
