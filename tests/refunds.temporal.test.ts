import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { getRefund } from '../workflows/refund-messages.js';
import type { RefundResult } from '../workflows/refund.js';
import { complete, expectBooks } from './support/card-payments.js';
import { createHttpWorld, type HttpWorld } from './support/http-world.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import * as support from './support/refunds.js';
import * as steps from './support/steps.js';

const METHODS = ['stripe', 'razorpay'] as const;

let world: HttpWorld;
beforeAll(async () => {
  world = await createHttpWorld();
});
beforeEach(async () => {
  world.sandbox.control.setWebhookMode({ drop: true }); // the workflow has to do without, unless a test lets them through
  await world.startWorker();
});
afterEach(() => {
  world.sandbox.control.clearFaults();
  world.sandbox.control.refunds.clearPlans();
});
afterAll(() => world.close());

const refundsOf = (id: string) => support.refundsOf(world, id);
const ended = (id: string, ...statuses: string[]) => support.refundsAre(world, id, ...statuses);
const handleOf = (refundId: string) => support.refundHandle(world, refundId);
const paid = (method: support.Method) => support.paidAndHeld(world, method);
const atProvider = (providerRef: string) => world.sandbox.control.refunds.list(providerRef);
const walletOf = async (client: TestPerson) => (await steps.balances(world, client))['client_wallet'];

/** Clearing and pending over all clients of this file: nothing is left where everything went back. */
async function platform(method: support.Method): Promise<number[]> {
  const rows = await world.db.selectFrom('account').select(['kind', 'balanceMinor']).execute();
  return [`${method}_clearing`, 'refund_pending'].map(
    (wanted) => rows.find(({ kind }) => kind === wanted)?.balanceMinor ?? 0,
  );
}

describe.each(METHODS)('by %s', (method) => {
  test('a whole life: paid, never activated, expired: the money is back at its source and nothing is left', async () => {
    const { db } = world;
    const before = await platform(method);
    const [client, therapist] = [await makeClient(db, 0), await makeTherapist(db)];
    await makePerson(db, 'admin');
    const id = await steps.book(world, { client, therapist, inMs: 1_500, durationMinutes: 60 });
    const open = await support.openCheckout(world, id, method);
    await support.payAtProvider(world, open);
    await ended(id, 'completed');
    expect(await steps.stored(world, id)).toMatchObject({ status: 'expired', hold: 'voided' });
    const [refund] = await refundsOf(id);
    expect(atProvider(open.providerRef)).toEqual([
      expect.objectContaining({ id: refund!.providerRef, refundId: refund!.id, amountMinor: refund!.amountMinor }),
    ]);
    expect(await platform(method)).toEqual(before);
    expect(await walletOf(client)).toBe(0);
    expect(await handleOf(refund!.id).result()).toEqual({ status: 'completed', failureCode: null });
    const told = () =>
      db
        .selectFrom('notification')
        .where('appointmentId', '=', id)
        .where('template', '=', 'refund_completed')
        .where('status', '=', 'sent')
        .select('recipientId')
        .execute();
    await steps.until('the client is told', async () => (await told()).length === 2);
    await expectBooks(db);
  });

  test('refunded once though the answer was lost, 25 times', async () => {
    await world.stopWorker();
    const before = await platform(method);
    const made = [];
    for (let n = 0; n < 25; n += 1) made.push(await paid(method));
    for (const { release } of made) await release();
    const { control } = world.sandbox;
    control.addFault({ provider: method, method: 'POST', path: '/refund', kind: 'reset_after' });
    const since = control.calls().at(-1)?.seq ?? 0;
    await world.startWorker();
    for (const { id } of made) await ended(id, 'completed');
    const sent = control.calls(since).filter((call) => call.method === 'POST' && call.path.includes('/refund'));
    expect(sent.length).toBeGreaterThanOrEqual(25);
    expect(sent.filter(({ status }) => status !== 0)).toEqual([]); // not one answer arrived
    for (const { providerRef } of made) expect(atProvider(providerRef)).toHaveLength(1);
    expect(await platform(method)).toEqual(before);
    await expectBooks(world.db);
  }, 120_000);

  test('refused by the provider: it is the client’s credit, and the client is told', async () => {
    const { id, client, providerRef, release } = await paid(method);
    world.sandbox.control.refunds.plan(method, { outcome: 'refused' });
    const refundId = await release();
    await ended(id, 'refused', 'completed');
    expect(atProvider(providerRef)).toEqual([]);
    expect(await walletOf(client)).toBe(6_000);
    const { status, failureCode } = (await handleOf(refundId).result()) as RefundResult;
    expect(status).toBe('refused');
    expect((await refundsOf(id))[0]).toMatchObject({ failureCode });
    const told = () =>
      world.db
        .selectFrom('notification')
        .where('appointmentId', '=', id)
        .where('template', '=', 'refund_to_wallet')
        .where('status', '=', 'sent')
        .select('recipientId')
        .execute();
    await steps.until('the client is told', async () => (await told()).length === 2);
    await expectBooks(world.db);
  });

  test('in part: what was charged stays, the rest is back at its source', async () => {
    const before = await platform(method);
    const { id, client, providerRef, release } = await paid(method);
    await release(1_500);
    await ended(id, 'completed');
    expect(atProvider(providerRef)).toMatchObject([{ amountMinor: 4_500 }]);
    expect(await platform(method)).toEqual([before[0]! - 1_500, before[1]]);
    expect(await walletOf(client)).toBe(0);
    await expectBooks(world.db);
  });

  test('made by hand while ours was waiting: that one is ours, and nobody is paid twice', async () => {
    await world.stopWorker();
    const { id, client, providerRef, release } = await paid(method);
    await release();
    const { id: byHand } = world.sandbox.control.refunds.make(providerRef);
    await world.startWorker();
    await ended(id, 'completed');
    expect((await refundsOf(id))[0]).toMatchObject({ providerRef: byHand });
    expect(atProvider(providerRef)).toHaveLength(1);
    expect(await walletOf(client)).toBe(0);
    await expectBooks(world.db);
  });

  test('pending at the provider: the webhook wakes the workflow, which shows what it waits for', async () => {
    world.sandbox.control.setWebhookMode({});
    const { id, release } = await paid(method);
    world.sandbox.control.refunds.plan(method, { outcome: 'pending' });
    const refundId = await release();
    await ended(id, 'processing');
    const state = () => handleOf(refundId).query(getRefund);
    await steps.until('asks again later', async () => (await state()).asksAgainAt !== null);
    expect(await state()).toMatchObject({ status: 'processing', failureCode: null });
    world.sandbox.control.refunds.act((await refundsOf(id))[0]!.providerRef!, 'succeed');
    await ended(id, 'completed');
    expect(await handleOf(refundId).result()).toMatchObject({ status: 'completed' });
    await expectBooks(world.db);
  });

  test('pending and no webhook: it is asked about again until it has arrived', async () => {
    const { id, release } = await paid(method);
    world.sandbox.control.refunds.plan(method, { outcome: 'pending' });
    const refundId = await release();
    await ended(id, 'processing');
    world.sandbox.control.refunds.act((await refundsOf(id))[0]!.providerRef!, 'succeed');
    expect(await handleOf(refundId).result()).toMatchObject({ status: 'completed' });
    expect((await refundsOf(id))[0]).toMatchObject({ status: 'completed' });
  });
});

test('two refunds of one payment at once never exceed what was captured', async () => {
  const { id, client, therapist, providerRef } = await paid('stripe');
  const admin = await makePerson(world.db, 'admin');
  await complete(world.db, { admin }, id);
  const path = `/v1/admin/appointments/${id}/refunds`;
  const asked = await Promise.all(
    [4_000, 4_000, 4_000].map((amountMinor) => world.send(admin, 'POST', path, { amountMinor, reason: 'twice' })),
  );
  expect(asked.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 409, 409]);
  await world.send(admin, 'POST', path, { reason: 'the rest' });
  await ended(id, 'completed', 'completed');
  const sent = atProvider(providerRef).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  expect(sent).toBe(6_000);
  expect((await steps.balances(world, client, therapist))['therapist_payable']).toBe(0);
  await expectBooks(world.db);
});
