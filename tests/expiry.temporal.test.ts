import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import { openCheckout, payAtProvider } from './support/refunds.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

const byText = (a: string | null, b: string | null) => String(a).localeCompare(String(b));

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world.close());

test('unpaid: expires at the end of its window, the slot is free again, only the client is told', async () => {
  const { db } = world;
  const [client, therapist] = [await makeClient(db), await makeTherapist(db, { paymentWindowMinutes: 20 })];
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  expect(await steps.handleOf(world, id).result()).toEqual({ ended: 'over', status: 'expired', reason: 'payment' });
  const again = await steps.book(world, { client, therapist, inMs: 60_000 });
  expect(again).not.toBe(id);
  const told = await db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .select(['kind', 'recipientRole'])
    .distinct()
    .orderBy('kind')
    .execute();
  expect(told).toEqual([
    { kind: 'booking_made', recipientRole: 'client' },
    { kind: 'expired_payment', recipientRole: 'client' },
  ]);
});

test('unpaid with an open checkout: the provider is asked and its object cancelled before the slot is freed', async () => {
  const { db } = world;
  const [client, therapist] = [await makeClient(db), await makeTherapist(db, { paymentWindowMinutes: 20 })];
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  const { providerRef } = await openCheckout(world, id, 'stripe');
  expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'expired', reason: 'payment' });
  expect((await world.providers.stripe.fetchPayment(providerRef)).status).toBe('canceled');
});

test('paid at the provider but the webhook was lost (cal.com 15294): the question before expiry finds the money', async () => {
  const { db } = world;
  const [client, therapist] = [await makeClient(db), await makeTherapist(db, { paymentWindowMinutes: 20 })];
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  const { providerRef } = await openCheckout(world, id, 'stripe');
  world.sandbox.control.setWebhookMode({ drop: true });
  world.sandbox.control.payments.act(providerRef, 'pay');
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  expect(await steps.stored(world, id)).toMatchObject({
    status: 'scheduled',
    hold: 'held',
    payment: { status: 'completed', method: 'stripe' },
  });
});

test('money that comes after the expiry goes back to its source and never books (cal.com 11278)', async () => {
  const { db } = world;
  const [client, therapist] = [await makeClient(db, 0), await makeTherapist(db, { paymentWindowMinutes: 10 })];
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  const open = await openCheckout(world, id, 'razorpay'); // an order stays payable: nobody can cancel it
  await steps.handleOf(world, id).result();
  await payAtProvider(world, open);
  const refunds = () =>
    db
      .selectFrom('refund')
      .where('appointmentId', '=', id)
      .select(['amountMinor', 'destination', 'reason', 'status'])
      .execute();
  await steps.until('refunded', async () => (await refunds())[0]?.status === 'completed');
  const { amountMinor } = open.payment;
  expect(await refunds()).toEqual([{ amountMinor, destination: 'source', reason: 'late_money', status: 'completed' }]);
  expect(world.sandbox.control.refunds.list(open.providerRef)).toMatchObject([{ amountMinor, status: 'processed' }]);
  expect((await steps.balances(world, client))['client_wallet']).toBe(0);
  expect(await steps.stored(world, id)).toMatchObject({
    status: 'expired',
    paidAt: null,
    hold: 'none',
    payment: { status: 'refunded' },
  });
  expect(await steps.timelineOf(world, id)).toContain('payment_settled:already_over');
});

test('paid but never activated: admins are alerted at T-15, it expires at start + 10 min, the money is back', async () => {
  const { db } = world;
  const [client, therapist, admin] = [await makeClient(db), await makeTherapist(db), await makePerson(db, 'admin')];
  const id = await steps.book(world, { client, therapist, inMs: 2_500, durationMinutes: 60 });
  await steps.payFromWallet(world, id);
  expect(await steps.handleOf(world, id).result()).toEqual({ ended: 'over', status: 'expired', reason: 'activation' });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 100_000,
    client_wallet_held: 0,
  });
  await steps.until(
    'sent',
    async () =>
      (
        await db
          .selectFrom('notification')
          .where('appointmentId', '=', id)
          .where('status', 'in', ['pending', 'sending'])
          .select('id')
          .execute()
      ).length === 0,
  );
  const sent = await db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('status', '=', 'sent')
    .select(['template', 'recipientId'])
    .execute();
  const templates = (recipient: { id: string }) =>
    [
      ...new Set(sent.filter(({ recipientId }) => recipientId === recipient.id).map(({ template }) => template)),
    ].toSorted(byText);
  expect(templates(client)).toEqual(['awaiting_approval', 'booking_made', 'expired_activation', 'payment_received']);
  expect(templates(admin)).toEqual(['activation_alert']);
  expect(templates(therapist)).toEqual(['approval_pending', 'expired_activation']);
});

test('nobody came: no-show of both, nothing is charged', async () => {
  const { db } = world;
  const [client, therapist, admin] = [await makeClient(db), await makeTherapist(db), await makePerson(db, 'admin')];
  const id = await steps.activated(world, { client, therapist, admin, inMs: 1_000, durationMinutes: 10 });
  expect(await steps.handleOf(world, id).result()).toEqual({ ended: 'over', status: 'no_show', reason: 'both_absent' });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 100_000,
    client_wallet_held: 0,
  });
});
