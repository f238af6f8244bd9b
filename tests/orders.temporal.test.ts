import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readDecision } from '../db/messages.js';
import { storePaymentEvent } from '../db/provider-events.js';
import { startProviderPayment } from '../db/payment-requests.js';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

/** A message and a deadline race; which comes to the worker first decides nothing, the times do. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
beforeEach(() => world.startWorker());
afterAll(() => world.close());

async function arrange(policy = {}) {
  const { db } = world;
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, policy),
    await makePerson(db, 'admin'),
  ];
  return { client, therapist, admin };
}

test('payment stored before the window’s end, worked off after it: paid', async () => {
  const { client, therapist } = await arrange({ paymentWindowMinutes: 10 });
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  await world.stopWorker();
  await steps.payFromWallet(world, id);
  await steps.sleep(1_200);
  expect((await steps.seen(world, id)).deciding).toBe(true);
  await world.startWorker();
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  expect((await steps.stored(world, id)).status).toBe('scheduled');
});

test('payment reported after the window’s end and after the expiry: the money goes back, nothing is booked', async () => {
  const { client, therapist } = await arrange({ paymentWindowMinutes: 10 });
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  const payment = await startProviderPayment(world.db, id, 'stripe');
  await steps.until('expired', async () => (await steps.stored(world, id)).status === 'expired');
  const news = {
    status: 'succeeded',
    providerRef: 'pi_after',
    paymentId: payment.id,
    amountMinor: payment.amountMinor,
    currency: 'INR',
    chargeRef: 'ch_after',
    failureCode: null,
  } as const;
  const toSignal = await storePaymentEvent(
    world.db,
    { provider: 'stripe', eventId: 'evt_after', type: 'payment_intent.succeeded', payload: {} },
    news,
  );
  await steps.until('decided', async () => (await readDecision(world.db, toSignal!.messageId)) !== null);
  expect(await readDecision(world.db, toSignal!.messageId)).toEqual({ ok: false, code: 'already_over' });
  expect(await steps.stored(world, id)).toMatchObject({ status: 'expired', paidAt: null });
  const refunds = await world.db
    .selectFrom('refund')
    .where('appointmentId', '=', id)
    .select(['amountMinor', 'destination', 'reason'])
    .execute();
  expect(refunds).toEqual([{ amountMinor: payment.amountMinor, destination: 'source', reason: 'late_money' }]);
});

test('activation stored before start + 10 min, worked off after it: readers see it deciding, then it is confirmed', async () => {
  const { client, therapist, admin } = await arrange();
  const id = await steps.book(world, { client, therapist, inMs: 1_500, durationMinutes: 60 });
  await steps.payFromWallet(world, id);
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  await world.stopWorker();
  await steps.activateStoredOnly(world, id, admin);
  const { startsAt } = await steps.stored(world, id);
  await steps.sleep(startsAt + 1_000 - Date.now() + 100);
  expect(await steps.seen(world, id)).toMatchObject({ deciding: true, record: { status: 'scheduled' } });
  await world.startWorker();
  await steps.until('confirmed', async () => (await steps.stored(world, id)).status === 'confirmed');
});

test('activation stored after start + 10 min: expired, and refused as already over', async () => {
  const { client, therapist, admin } = await arrange();
  const id = await steps.book(world, { client, therapist, inMs: 1_200, durationMinutes: 60 });
  await steps.payFromWallet(world, id);
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  await world.stopWorker();
  const { startsAt } = await steps.stored(world, id);
  await steps.sleep(startsAt + 1_000 - Date.now() + 100);
  expect(await steps.seen(world, id)).toMatchObject({ deciding: false, record: { status: 'expired' } });
  const messageId = await steps.activateStoredOnly(world, id, admin);
  await world.startWorker();
  expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'expired', reason: 'activation' });
  await steps.until('refused', async () => (await readDecision(world.db, messageId)) !== null);
  expect(await readDecision(world.db, messageId)).toEqual({ ok: false, code: 'already_over' });
});

test('everything at once after an outage: payment, activation, T-15 and T-5 are committed in their order', async () => {
  const { client, therapist, admin } = await arrange({ minuteMs: 150 });
  const id = await steps.book(world, { client, therapist, inMs: 4_000, durationMinutes: 60, sessionMode: 'chat' });
  await world.stopWorker();
  await steps.payFromWallet(world, id);
  await steps.activate(world, id, admin);
  const { startsAt } = await steps.stored(world, id);
  await steps.sleep(startsAt - Date.now());
  await world.startWorker();
  await steps.until('confirmed', async () => (await steps.stored(world, id)).status === 'confirmed');
  expect(await steps.timelineOf(world, id)).toEqual([
    'booked',
    'payment_settled',
    'activate',
    'reminder_due',
    'opening_due',
  ]);
});

test('a therapist’s second join while holding another session is refused, and names it; the end of the first frees it', async () => {
  const { client, therapist, admin } = await arrange({ minuteMs: 100, bufferMinutes: 0 });
  const other = await makeClient(world.db);
  const first = await steps.confirmed(world, {
    client,
    therapist,
    admin,
    inMs: 1_500,
    durationMinutes: 10,
    sessionMode: 'chat',
  });
  const { endsAt } = await steps.stored(world, first);
  const second = await steps.activated(world, {
    client: other,
    therapist,
    admin,
    inMs: endsAt - Date.now() + 200,
    sessionMode: 'chat',
  });
  await steps.join(world, first, 'therapist', therapist);
  await steps.join(world, first, 'client', client);
  await steps.until('the second is open', async () => (await steps.seen(world, second)).record.status === 'confirmed');
  const refused = await steps.join(world, second, 'therapist', therapist).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'therapist_busy', facts: { blockingAppointmentId: first } });
  await steps.endBy(world, first, 'client', client);
  await steps.join(world, second, 'therapist', therapist);
  await steps.until('in progress', async () => (await steps.stored(world, second)).status === 'in_progress');
});
