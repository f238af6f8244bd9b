import { createHmac, randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { setProviderRef, startProviderPayment } from '../db/payment-requests.js';
import { openForeignRefunds } from '../db/foreign-refunds.js';
import { providerEnvironment } from '../dev/provider-environment.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders, type Providers } from '../providers/index.js';
import { razorpayCredentials, stripeCredentials } from '../sandbox/credentials.js';
import { makeParties, MINUTE_MS, passTime } from '../tests/support/appointments.js';
import { expectBooks } from '../tests/support/card-payments.js';
import { activated, booked, over } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
let providers: Providers;
beforeAll(async () => {
  world = await createApiWorld();
  providers = createProviders(readProviderConfig(providerEnvironment(world.sandbox)));
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
});
afterEach(() => {
  world.sandbox.control.setWebhookMode({});
  world.sandbox.control.clearFaults();
});

const refundsOf = (id: string) =>
  world.db.selectFrom('refund').where('appointmentId', '=', id).selectAll().orderBy('id').execute();

describe('an admin’s refund after the end', () => {
  const ask = (id: string, body: object, key: string = randomUUID()) =>
    world.post(own.parties.admin, `/v1/admin/appointments/${id}/refunds`, body, key);

  test('in parts; shown on the appointment and in its timeline; a key counts once', async () => {
    const id = await over(own);
    const first = await ask(id, { amountMinor: 1_000, reason: 'late start' }, 'k-1');
    expect(first).toMatchObject({
      status: 201,
      body: { appointmentId: id, amountMinor: 1_000, currency: 'INR', to: 'wallet', status: 'completed' },
    });
    expect((await ask(id, { amountMinor: 1_000, reason: 'late start' }, 'k-1')).body).toEqual(first.body);
    expect((await ask(id, { reason: 'the rest' })).body).toMatchObject({ amountMinor: 5_000 });
    for (const person of [own.parties.client, own.parties.admin]) {
      const { body } = await world.send(person, `/v1/appointments/${id}`);
      expect(body).toMatchObject({
        payment: { status: 'refunded' },
        refunds: [
          { amountMinor: 1_000, to: 'wallet', status: 'completed' },
          { amountMinor: 5_000, to: 'wallet', status: 'completed' },
        ],
      });
    }
    const { body } = await world.send(own.parties.client, `/v1/appointments/${id}/timeline`);
    const entries = (body as { entries: { kind: string }[] }).entries.filter(({ kind }) => kind === 'refunded');
    expect(entries).toHaveLength(2);
    await expectBooks(world.db);
  });

  test('is refused before the end, beyond what is left, without a key, and to others', async () => {
    const live = await activated(own);
    expect(await ask(live, { reason: 'x' })).toMatchObject({ status: 409, body: { code: 'not_completed' } });
    const id = await over(own, { inMs: 3 * 24 * 60 * MINUTE_MS });
    expect(await ask(id, { amountMinor: 6_001, reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'amount_too_large', refundableMinor: 6_000 },
    });
    for (const body of [{}, { reason: ' ' }, { amountMinor: 0, reason: 'x' }, { amountMinor: 1.5, reason: 'x' }])
      expect((await ask(id, body)).status).toBe(422);
    const path = `/v1/admin/appointments/${id}/refunds`;
    expect(await world.post(own.parties.admin, path, { reason: 'x' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_required' },
    });
    expect((await world.post(own.parties.client, path, { reason: 'x' }, 'k')).status).toBe(403);
    expect((await ask(randomUUID(), { reason: 'x' })).status).toBe(404);
  });
});

describe.each(['stripe', 'razorpay'] as const)('webhooks of %s', (method) => {
  /** A try whose money has arrived at the provider; nobody was told. */
  async function paidUntold() {
    world.sandbox.control.setWebhookMode({ provider: method, hold: true });
    const id = await booked(own);
    const { id: paymentId, clientId, amountMinor, currency } = await startProviderPayment(world.db, id, method);
    const money = { amountMinor, currency };
    const request = { paymentId, appointmentId: id, clientId, money, description: 'a test' };
    const { providerRef } = await providers[method].openCheckout(request);
    await setProviderRef(world.db, paymentId, providerRef);
    world.sandbox.control.payments.act(providerRef, 'pay');
    return { id, paymentId, providerRef };
  }

  /** The same, told and come too late: a refund of ours waits to be sent. */
  async function waiting() {
    const made = await paidUntold();
    await passTime(world.db, made.id, 31 * MINUTE_MS);
    await world.db.updateTable('appointment').set({ paymentCheckedAt: new Date() }).where('id', '=', made.id).execute();
    await commitAppointment(world.db, made.id);
    world.sandbox.control.setWebhookMode({});
    world.sandbox.control.flushWebhooks();
    await expect
      .poll(async () => {
        await commitAppointment(world.db, made.id);
        return refundsOf(made.id);
      })
      .toMatchObject([{ status: 'pending', destination: 'source', amountMinor: 6_000 }]);
    const [refund] = await refundsOf(made.id);
    const { chargeRef } = await providers[method].fetchPayment(made.providerRef);
    const order = { refundId: refund!.id, providerRef: made.providerRef, chargeRef, amountMinor: 6_000 };
    return { ...made, refundId: refund!.id, send: () => providers[method].refundPayment(order) };
  }

  const statusOf = async (id: string) => (await refundsOf(id)).map(({ status }) => status);
  const eventsOf = (paymentId: string) =>
    world.db
      .selectFrom('providerEvent')
      .where('paymentId', '=', paymentId)
      .where('type', 'like', '%refund%')
      .select(['type', 'handledAt'])
      .execute();

  test('settle a refund whose sender never heard the answer; repeats and shuffles change nothing', async () => {
    const { id, paymentId, send } = await waiting();
    world.sandbox.control.setWebhookMode({ provider: method, duplicates: 4, reorder: true });
    await send();
    await expect.poll(() => statusOf(id)).toEqual(['completed']);
    const { body } = await world.send(own.parties.client, `/v1/appointments/${id}`);
    expect(body).toMatchObject({ refunds: [{ amountMinor: 6_000, to: 'source', status: 'completed' }] });
    await expect.poll(async () => (await eventsOf(paymentId)).length).toBeGreaterThan(1);
    await expect.poll(async () => (await eventsOf(paymentId)).every(({ handledAt }) => handledAt !== null)).toBe(true);
    await expectBooks(world.db);
  });

  test('pending first, then refused by the bank: the wallet has it', async () => {
    const { id, send } = await waiting();
    world.sandbox.control.refunds.plan(method, { outcome: 'pending' });
    const { refundRef } = await send();
    await expect.poll(() => statusOf(id)).toEqual(['processing']);
    world.sandbox.control.refunds.act(refundRef, 'fail');
    await expect.poll(() => statusOf(id)).toEqual(['refused', 'completed']);
    await expectBooks(world.db);
  });

  test('the refund’s notice before the payment’s own event (razorpay-woocommerce 664): both are known', async () => {
    const { id, paymentId, providerRef } = await paidUntold();
    const { id: refundRef } = world.sandbox.control.refunds.make(providerRef, 1_000);
    await deliver(method, providerRef, refundRef);
    const settled = () =>
      world.db
        .selectFrom('message')
        .where('appointmentId', '=', id)
        .where('kind', '=', 'payment_settled')
        .select('payload')
        .execute();
    expect(await settled()).toMatchObject([{ payload: { paymentId, amountMinor: 6_000 } }]);
    const foreign = (await openForeignRefunds(world.db, 100)).filter((row) => row.paymentId === paymentId);
    expect(foreign).toMatchObject([{ provider: method, providerRef: refundRef, amountMinor: 1_000 }]);
    expect(await refundsOf(id)).toEqual([]); // made by hand: nothing is booked
    world.sandbox.control.setWebhookMode({});
    world.sandbox.control.flushWebhooks();
    await commitAppointment(world.db, id);
    await expect.poll(async () => (await eventsOf(paymentId)).length).toBeGreaterThan(1);
    expect(await settled()).toHaveLength(1);
    await expectBooks(world.db);
  });

  test('with the provider away it is 503, the event is kept, and its repeat settles', async () => {
    const { id, paymentId, providerRef, send } = await waiting();
    world.sandbox.control.setWebhookMode({ provider: method, drop: true });
    const { refundRef } = await send();
    world.sandbox.control.addFault({ provider: method, method: 'GET', kind: 'reset_before' });
    const eventId = `evt_${randomUUID()}`;
    expect((await deliver(method, providerRef, refundRef, eventId)).status).toBe(503);
    expect(await eventsOf(paymentId)).toMatchObject([{ handledAt: null }]);
    world.sandbox.control.clearFaults();
    expect((await deliver(method, providerRef, refundRef, eventId)).status).toBe(200);
    expect(await statusOf(id)).toEqual(['completed']);
    expect(await eventsOf(paymentId)).toMatchObject([{ handledAt: expect.any(Date) as Date }]);
  });

  /** Signs and delivers one refund event, as the provider would. */
  async function deliver(of: typeof method, paymentRef: string, refundRef: string, eventId = `evt_${randomUUID()}`) {
    const { chargeRef } = await providers[of].fetchPayment(paymentRef).catch(() => ({ chargeRef: 'unknown' }));
    const created = Math.floor(Date.now() / 1000);
    const raw = JSON.stringify(
      of === 'stripe'
        ? {
            id: eventId,
            type: 'refund.updated',
            created,
            data: { object: { id: refundRef, payment_intent: paymentRef } },
          }
        : {
            event: 'refund.processed',
            created_at: created,
            payload: {
              refund: { entity: { id: refundRef, payment_id: chargeRef } },
              payment: { entity: { id: chargeRef, order_id: paymentRef, notes: [] } },
            },
          },
    );
    const signature: Record<string, string> =
      of === 'stripe'
        ? {
            'stripe-signature': new Stripe('sk_test_none').webhooks.generateTestHeaderString({
              payload: raw,
              secret: stripeCredentials.webhookSecret,
            }),
          }
        : {
            'x-razorpay-signature': createHmac('sha256', razorpayCredentials.webhookSecret).update(raw).digest('hex'),
            'x-razorpay-event-id': eventId,
          };
    return world.send(null, `/webhooks/${of}`, {
      method: 'POST',
      raw,
      headers: { 'content-type': 'application/json', ...signature },
    });
  }
});
