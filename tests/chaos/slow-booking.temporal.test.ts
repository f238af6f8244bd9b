import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitBooking } from '../../db/booking.js';
import { APPOINTMENT_WORKFLOW, appointmentWorkflowId } from '../../workflows/messages.js';
import { makeClient, makeTherapist } from '../support/people.js';
import * as steps from '../support/steps.js';
import { createWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world.close());

/** Longer than a workflow waits for its booking (10 s, counted from the first heartbeat of its task). */
const AWAY_MS = 28_000;

test('a booking that PostgreSQL took long to write down has a workflow that lives on', async () => {
  const { db } = world;
  const [client, therapist] = [await makeClient(db), await makeTherapist(db, { paymentWindowMinutes: 20 })];
  const held = db.transaction().execute(async (trx) => {
    await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
    await sql`lock table appointment in exclusive mode`.execute(trx);
    await sleep(AWAY_MS);
  });
  await sleep(300);
  const id = await steps.book(world, { client, therapist, inMs: 80_000 });
  await held;
  expect(await steps.handleOf(world, id).describe()).toMatchObject({ status: { name: 'RUNNING' } });
  expect(await steps.handleOf(world, id).result()).toEqual({ ended: 'over', status: 'expired', reason: 'payment' });
}, 90_000);

test('a row whose booking was lost with its workflow task is adopted by its workflow', async () => {
  const { db, temporal, taskQueue } = world;
  const [client, therapist] = [await makeClient(db), await makeTherapist(db, { paymentWindowMinutes: 20 })];
  const appointmentId = randomUUID();
  // As after a server that was killed between the commit and the task's end: a row, and a workflow without its update.
  await temporal.workflow.start(APPOINTMENT_WORKFLOW, {
    workflowId: appointmentWorkflowId(appointmentId),
    taskQueue,
    args: [{ appointmentId }],
  });
  const booked = await commitBooking(db, {
    appointmentId,
    clientId: client.id,
    therapistId: therapist.id,
    startsAt: Date.now() + 60_000,
    durationMinutes: 20,
    sessionMode: 'chat',
    meetingId: randomUUID(),
    meetingLink: 'https://example.test/meet',
  });
  expect(booked).toMatchObject({ booked: true });
  expect(await steps.handleOf(world, appointmentId).result()).toEqual({
    ended: 'over',
    status: 'expired',
    reason: 'payment',
  });
}, 60_000);
