import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { refundSettled } from '../workflows/refund-messages.js';
import { expectBooks } from './support/card-payments.js';
import { historyToJson, toHistory } from './support/histories.js';
import * as support from './support/refunds.js';
import * as steps from './support/steps.js';
import { WorkerProcess } from './support/worker-process.js';
import { createWorld, type World } from './support/world.js';

/** Refunds over a worker's death, and replayed. Record histories anew with RECORD_HISTORIES=<label>. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
beforeEach(() => world.startWorker());
afterEach(() => world.sandbox.control.clearFaults());
afterAll(() => world.close());

const refundsOf = (id: string) => support.refundsOf(world, id);
const ended = (id: string, ...statuses: string[]) => support.refundsAre(world, id, ...statuses);
const handleOf = (refundId: string) => support.refundHandle(world, refundId);
const paid = (method: support.Method) => support.paidAndHeld(world, method);
const atProvider = (providerRef: string) => world.sandbox.control.refunds.list(providerRef);
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

test('a worker killed while the provider is at it: its successor finds the refund', async () => {
  const method = 'stripe';
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
