import { hostname } from 'node:os';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RelaySession } from '../db/relay-session.js';
import { readStickyQueues, type StickyQueue } from '../db/sticky-queues.js';
import { makeClient, makePerson, makeTherapist } from '../tests/support/people.js';
import * as steps from '../tests/support/steps.js';
import { WorkerProcess } from '../tests/support/worker-process.js';
import { createWorld, type World } from '../tests/support/world.js';
import { DeadWorkers, workerIdentity } from './dead-workers.js';

let world: World;
let mortal: WorkerProcess;
beforeAll(async () => {
  world = await createWorld();
  mortal = new WorkerProcess(world);
});
afterAll(async () => {
  await mortal.kill();
  await world.close();
});

const MINUTE_MS = 500;

/** A paid and activated appointment whose next wake-up nobody polls for; its T-15 is still ahead. */
async function waitForNobody(): Promise<string> {
  const { db } = world;
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, { minuteMs: MINUTE_MS, wakeSpreadMs: 0 }),
    await makePerson(db, 'admin'),
  ];
  await world.startWorker();
  const id = await steps.book(world, { client, therapist, inMs: 25 * MINUTE_MS, durationMinutes: 10 });
  await steps.payFromWallet(world, id);
  await steps.activate(world, id, admin);
  await steps.until('activated', async () => (await steps.stored(world, id)).activatedAt !== null);
  await world.stopWorker();
  return id;
}

/** Takes the appointment's workflow task as a worker does, and never answers. */
async function takeTask(identity: string): Promise<void> {
  const { temporal } = world;
  const poll = () =>
    temporal.withDeadline(Date.now() + 15_000, () =>
      temporal.workflowService.pollWorkflowTaskQueue({
        namespace: 'default',
        taskQueue: { name: world.taskQueue },
        identity,
      }),
    );
  await steps.until('a task', async () => (await poll()).taskToken.length > 0, 20_000);
}

async function remindedLateByMs(id: string): Promise<number> {
  await steps.until('reminded', async () => (await steps.stored(world, id)).remindedAt !== null, 20_000);
  const { remindedAt, startsAt } = await steps.stored(world, id);
  return remindedAt! - (startsAt - 15 * MINUTE_MS);
}

test('a task in the hand of a worker that died is given out again at once, that of a living one is not', async () => {
  const id = await waitForNobody();
  const holder = await RelaySession.open(world.databaseUrl);
  const watcher = new DeadWorkers({
    db: world.db,
    temporal: world.temporal,
    relayId: holder.id,
    log: pino({ level: 'silent' }),
  });
  await takeTask(workerIdentity(process.pid, holder.id));
  await world.startWorker();
  await steps.sleep(500);
  expect(await watcher.takeTasks()).toBe(0);
  expect((await steps.stored(world, id)).remindedAt).toBeNull();

  await holder.close();
  expect(await remindedLateByMs(id)).toBeLessThan(6_000);
  const runs = [];
  for await (const run of world.temporal.workflow.list({ query: `WorkflowId = 'appointment-${id}'` })) runs.push(run);
  expect(runs).toHaveLength(2);
  expect(await steps.handleOf(world, id).result()).toMatchObject({ ended: 'over' });
}, 60_000);

test('what lies in the queue of a worker that died is given back at once, and nothing goes there any more', async () => {
  const { db, temporal } = world;
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, { minuteMs: MINUTE_MS, wakeSpreadMs: 0 }),
    await makePerson(db, 'admin'),
  ];
  await world.stopWorker();
  await mortal.start();
  const id = await steps.book(world, { client, therapist, inMs: 28 * MINUTE_MS, durationMinutes: 10 });
  await steps.payFromWallet(world, id);
  await steps.activate(world, id, admin);
  await steps.until('activated', async () => (await steps.stored(world, id)).activatedAt !== null);
  const task = async () => (await steps.handleOf(world, id).describe()).raw.pendingWorkflowTask;
  await steps.until('it has no task in hand', async () => !(await task()));
  await mortal.kill();
  await steps.until('a task lies there', async () => !!(await task()), 20_000);

  await world.startWorker();
  expect(await remindedLateByMs(id)).toBeLessThan(6_000);
  const isOfMortal = ({ name }: StickyQueue) => !name.startsWith(`${process.pid}@`);
  await steps.until('its queue is forgotten', async () => !(await readStickyQueues(db)).some(isOfMortal));
  const { history } = await temporal.workflowService.getWorkflowExecutionHistory({
    namespace: 'default',
    execution: { workflowId: `appointment-${id}` },
  });
  const causes = history!.events!.flatMap((event) => event.workflowTaskFailedEventAttributes?.cause ?? []);
  expect(causes).toEqual([13]); // RESET_STICKY_TASK_QUEUE
  expect(await steps.handleOf(world, id).result()).toMatchObject({ ended: 'over' });
}, 60_000);

test('a worker says who it is', () => {
  expect(workerIdentity(17, 4)).toBe(`17@${hostname()}#4`);
});
