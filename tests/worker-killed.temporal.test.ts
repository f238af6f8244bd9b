import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AppointmentRecord } from '../domain/record.js';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { WorkerProcess } from './support/worker-process.js';
import { createWorld, type World } from './support/world.js';

let world: World;
let worker: WorkerProcess;
beforeAll(async () => {
  world = await createWorld();
  worker = new WorkerProcess(world);
});
afterAll(async () => {
  await worker.kill();
  await world.close();
});

const LIMIT_MS = 30_000;

/** Starts a worker, waits for the commit in PostgreSQL, and kills the worker before it can say more to Temporal. */
async function killAtCommit(
  id: string,
  what: string,
  committed: (record: AppointmentRecord) => boolean,
): Promise<void> {
  await worker.start();
  await steps.until(what, async () => committed(await steps.stored(world, id)), LIMIT_MS);
  await worker.kill();
}

test('a worker killed before and right after every commit: each transition happens once, nothing is lost', async () => {
  const { db } = world;
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, { minuteMs: 1_000 }),
    await makePerson(db, 'admin'),
  ];
  await worker.start();
  const id = await steps.book(world, { client, therapist, inMs: 40_000, durationMinutes: 10, sessionMode: 'chat' });
  await worker.kill();
  await steps.payFromWallet(world, id);
  await killAtCommit(id, 'paid', ({ paidAt }) => paidAt !== null);
  await steps.activate(world, id, admin);
  await killAtCommit(id, 'activated', ({ activatedAt }) => activatedAt !== null);
  await killAtCommit(id, 'reminded', ({ remindedAt }) => remindedAt !== null);
  await killAtCommit(id, 'confirmed', ({ status }) => status === 'confirmed');
  await steps.join(world, id, 'client', client);
  await steps.join(world, id, 'therapist', therapist);
  await killAtCommit(id, 'in progress', ({ status }) => status === 'in_progress');
  await killAtCommit(id, 'completed', ({ status }) => status === 'completed');
  await worker.start();
  expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'completed', reason: 'duration_over' });

  expect(await steps.stored(world, id)).toMatchObject({ roomAlive: false });
  const kinds = await steps.timelineOf(world, id);
  const once = ['booked', 'payment_settled', 'activate', 'reminder_due', 'opening_due', 'duration_over'];
  expect(kinds.filter((kind) => kind !== 'join')).toEqual(once);
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 99_000,
    client_wallet_held: 0,
    therapist_payable: 800,
    platform_fee: 200,
  });
  const told = await db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .select(['kind', 'recipientId', 'channel'])
    .execute();
  expect(new Set(told.map((row) => Object.values(row).join())).size).toBe(told.length);
}, 240_000);
