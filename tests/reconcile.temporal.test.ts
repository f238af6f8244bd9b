import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setProviderRef, startProviderPayment } from '../db/payment-requests.js';
import { ensureReconcileSchedule } from '../worker/schedules.js';
import { makeClient, makeTherapist } from './support/people.js';
import { book, stored, until } from './support/steps.js';
import { createWorld, type World } from './support/world.js';

/** cal.com 15294: paid, but the booking was never marked paid. The webhook is lost; the scheduled sweep finds the money. */

let world: World;
const scheduleId = `reconcile-${randomUUID()}`;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(async () => {
  await world.temporal.schedule
    .getHandle(scheduleId)
    .delete()
    .catch(() => undefined);
  await world.close();
});

/** Runs the schedule's action now and answers with the sweep's result. */
async function triggered(): Promise<unknown> {
  const handle = world.temporal.schedule.getHandle(scheduleId);
  const before = (await handle.describe()).info.recentActions.length;
  await handle.trigger();
  await until('the sweep has started', async () => (await handle.describe()).info.recentActions.length > before);
  const { action } = (await handle.describe()).info.recentActions.at(-1)!;
  return world.temporal.workflow.getHandle(action.workflow.workflowId, action.workflow.firstExecutionRunId).result();
}

test('the schedule is made once, every quarter of an hour, and never overlaps', async () => {
  await Promise.all([
    ensureReconcileSchedule(world.temporal, world.taskQueue, scheduleId),
    ensureReconcileSchedule(world.temporal, world.taskQueue, scheduleId),
  ]);
  await ensureReconcileSchedule(world.temporal, world.taskQueue, scheduleId);
  const { spec, policies, state } = await world.temporal.schedule.getHandle(scheduleId).describe();
  expect(spec.intervals).toMatchObject([{ every: 15 * 60_000 }]);
  expect(policies.overlap).toBe('SKIP');
  expect(state.paused).toBe(false);
});

test('an appointment whose webhook was lost is paid by the next sweep, and the one after it changes nothing', async () => {
  const { db, providers, sandbox } = world;
  const client = await makeClient(db, 1);
  const therapist = await makeTherapist(db, { paymentWindowMinutes: 1_000 });
  const id = await book(world, { client, therapist, inMs: 600_000 });
  const { id: paymentId } = await startProviderPayment(db, id, 'stripe');
  const { amountMinor, currency } = await db
    .selectFrom('payment')
    .where('id', '=', paymentId)
    .select(['amountMinor', 'currency'])
    .executeTakeFirstOrThrow();
  const { providerRef } = await providers.stripe.openCheckout({
    paymentId,
    appointmentId: id,
    clientId: client.id,
    money: { amountMinor, currency },
    description: 'Session',
  });
  await setProviderRef(db, paymentId, providerRef);
  sandbox.control.payments.act(providerRef, 'pay');

  expect(await triggered()).toMatchObject({
    providers: [{ provider: 'stripe', credited: 1 }, { provider: 'razorpay' }],
  });
  await until('paid', async () => (await stored(world, id)).paidAt !== null);
  expect(await stored(world, id)).toMatchObject({ status: 'scheduled', hold: 'held', payment: { method: 'stripe' } });
  expect(await triggered()).toMatchObject({ providers: [{ provider: 'stripe', looked: 1, credited: 0 }, {}] });
  expect(await db.selectFrom('hold').where('appointmentId', '=', id).select('status').execute()).toHaveLength(1);
});
