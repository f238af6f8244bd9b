import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APPOINTMENT_WORKFLOW, appointmentWorkflowId } from '../workflows/messages.js';
import { makeClient, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world.close());

test('two clients book one slot at the same moment: one wins, and the loser’s workflow ends at once', async () => {
  const { db } = world;
  const [one, two, therapist] = [await makeClient(db), await makeClient(db), await makeTherapist(db)];
  const ids = [randomUUID(), randomUUID()];
  const answers = await Promise.allSettled(
    [one, two].map((client, index) =>
      steps.book(world, { client, therapist, inMs: 60_000, appointmentId: ids[index] }),
    ),
  );
  const losers = answers.flatMap((answer, index) =>
    answer.status === 'rejected' ? [{ id: ids[index]!, code: steps.refusalOf(answer.reason) }] : [],
  );
  expect(losers).toHaveLength(1);
  expect(losers[0]!.code).toBe('slot_taken');
  expect(await steps.handleOf(world, losers[0]!.id).result()).toEqual({ ended: 'refused', code: 'slot_taken' });
  const rows = await db.selectFrom('appointment').where('therapistId', '=', therapist.id).select('id').execute();
  expect(rows).toHaveLength(1);
});

test('a malformed booking is refused before any event, and a workflow without a booking ends itself', async () => {
  const appointmentId = randomUUID();
  const [client, therapist] = [{ id: 'not-a-uuid', subject: 'x' }, await makeTherapist(world.db)];
  const refused = await steps.book(world, { client, therapist, inMs: 60_000, appointmentId }).catch(steps.refusalOf);
  expect(refused).toBe('booking_malformed');
  const result = await steps.handleOf(world, appointmentId).result();
  expect(result).toEqual({ ended: 'never_booked' });
});

test('a live row whose workflow was terminated goes on from the row', async () => {
  const { db } = world;
  const [client, therapist] = [await makeClient(db), await makeTherapist(db, { paymentWindowMinutes: 20 })];
  const id = await steps.book(world, { client, therapist, inMs: 60_000 });
  await steps.handleOf(world, id).terminate('a test');
  await world.temporal.workflow.start(APPOINTMENT_WORKFLOW, {
    workflowId: appointmentWorkflowId(id),
    taskQueue: world.taskQueue,
    args: [{ appointmentId: id, resume: true }],
  });
  expect(await steps.handleOf(world, id).result()).toEqual({ ended: 'over', status: 'expired', reason: 'payment' });
});
