import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { loadAppointment } from '../db/appointment-record.js';
import { commitAppointment } from '../db/commit.js';
import { releaseMoney, type Release } from '../db/payments.js';
import { SYSTEM } from '../domain/types.js';
import type { RefundResult } from '../workflows/refund.js';
import { getRefund, refundSettled, refundWorkflowId } from '../workflows/refund-messages.js';
import { bookAppointment } from './support/appointments.js';
import { complete, expectBooks } from './support/card-payments.js';
import { historyToJson, toHistory } from './support/histories.js';
import { createHttpWorld, type HttpWorld } from './support/http-world.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import { openCheckout, payAtProvider, type Method } from './support/refunds.js';
import * as steps from './support/steps.js';
import { WorkerProcess } from './support/worker-process.js';

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

const refundsOf = (id: string) =>
  world.db.selectFrom('refund').where('appointmentId', '=', id).selectAll().orderBy('createdAt').execute();
const atProvider = (providerRef: string) => world.sandbox.control.refunds.list(providerRef);
const walletOf = async (client: TestPerson) => (await steps.balances(world, client))['client_wallet'];
const ended = (id: string, ...statuses: string[]) =>
  steps.until(
    statuses.join(),
    async () => (await refundsOf(id)).map(({ status }) => status).join() === statuses.join(),
    40_000,
  );
const handleOf = (refundId: string) => world.temporal.workflow.getHandle(refundWorkflowId(refundId));
/** The relay has started its workflow. */
const started = (refundId: string) =>
  steps.until('started', async () => {
    const row = await world.db
      .selectFrom('refund')
      .where('id', '=', refundId)
      .select('nextAttemptAt')
      .executeTakeFirst();
    return row?.nextAttemptAt === null;
  });

/** Clearing and pending over all clients of this file: nothing is left where everything went back. */
async function platform(method: Method): Promise<number[]> {
  const rows = await world.db.selectFrom('account').select(['kind', 'balanceMinor']).execute();
  return [`${method}_clearing`, 'refund_pending'].map(
    (wanted) => rows.find(({ kind }) => kind === wanted)?.balanceMinor ?? 0,
  );
}

/** Paid by card, with no workflow of its own: 60.00 are held until a test lets them go. */
async function paid(method: Method) {
  const { db } = world;
  const [client, therapist] = [await makeClient(db, 0), await makeTherapist(db, { minuteMs: 60_000 })];
  const id = await bookAppointment(db, { client, therapist });
  const open = await openCheckout(world, id, method);
  await payAtProvider(world, open);
  await commitAppointment(db, id);
  const release = async (chargeMinor: Release['chargeMinor'] = 0) => {
    const { record } = (await loadAppointment(db, id))!;
    const wish = { chargeMinor, refundTo: 'source', reason: 'cancelled', actor: SYSTEM } as const;
    await db.transaction().execute((trx) => releaseMoney(trx, record, wish));
    return (await refundsOf(id))[0]!.id;
  };
  return { id, client, therapist, ...open, release };
}

describe.each(METHODS)('by %s', (method) => {
  test('a whole life: paid, never activated, expired: the money is back at its source and nothing is left', async () => {
    const { db } = world;
    const before = await platform(method);
    const [client, therapist] = [await makeClient(db, 0), await makeTherapist(db)];
    await makePerson(db, 'admin');
    const id = await steps.book(world, { client, therapist, inMs: 1_500, durationMinutes: 60 });
    const open = await openCheckout(world, id, method);
    await payAtProvider(world, open);
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

describe.each(METHODS)('a worker killed in the middle, by %s', (method) => {
  test('while the provider is at it: its successor finds the refund', async () => {
    await world.stopWorker();
    const { id, providerRef, release } = await paid(method);
    const refundId = await release();
    const { control } = world.sandbox;
    control.addFault({ provider: method, method: 'POST', path: '/refund', kind: 'latency', ms: 1_500, times: 1 });
    const worker = new WorkerProcess(world);
    try {
      await worker.start();
      const since = control.calls().at(-1)?.seq ?? 0;
      const isSending = () =>
        control.calls(since).some(({ method: verb, path }) => verb === 'POST' && /refund/.test(path));
      await steps.until('the refund is being sent', () => Promise.resolve(isSending()));
      await worker.kill();
      await steps.until('made nonetheless', () => Promise.resolve(atProvider(providerRef).length === 1));
      expect((await refundsOf(id))[0]).toMatchObject({ status: 'pending' });
      await worker.start();
      await ended(id, 'completed');
    } finally {
      await worker.kill();
    }
    expect(atProvider(providerRef)).toMatchObject([{ refundId, amountMinor: 6_000 }]);
    await expectBooks(world.db);
  }, 90_000);
});

describe('histories', () => {
  const shapes: Record<string, (made: Awaited<ReturnType<typeof paid>>) => Promise<string>> = {
    'refund-completed': ({ release }) => release(),
    'refund-refused': ({ release }) => {
      world.sandbox.control.refunds.plan('stripe', { outcome: 'refused' });
      return release();
    },
    async 'refund-pending'({ id, release }) {
      world.sandbox.control.refunds.plan('stripe', { outcome: 'pending' });
      const refundId = await release();
      await ended(id, 'processing');
      world.sandbox.control.refunds.act((await refundsOf(id))[0]!.providerRef!, 'succeed');
      await handleOf(refundId).signal(refundSettled);
      return refundId;
    },
  };

  test.each(Object.keys(shapes))('%s replays, and says nothing of anybody', async (name) => {
    const made = await paid('stripe');
    const refundId = await shapes[name]!(made);
    const handle = handleOf(refundId);
    await started(refundId);
    await handle.result();
    const history = toHistory(await handle.fetchHistory());
    const options = { workflowBundle: { codePath: inject('workflowBundle') }, replayName: randomUUID() };
    for await (const { error } of Worker.runReplayHistories(options, [{ workflowId: handle.workflowId, history }]))
      expect(error).toBeUndefined();
    const text = historyToJson(history);
    const payloads = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
    expect(payloads.join('\n')).toContain(handle.workflowId.replace('refund-', ''));
    for (const personal of [made.client.id, made.client.subject, made.therapist.id, 'Test client', '@example.test'])
      expect(payloads.join('\n')).not.toContain(personal);
    const label = process.env['RECORD_HISTORIES'];
    const file = new URL(`./histories/${name}.${label}.json`, import.meta.url);
    if (label !== undefined) await writeFile(file, `${text}\n`);
  });
});
