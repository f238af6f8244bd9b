import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTimeline } from '../db/timeline.js';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world.close());

test('a chat session paid from the wallet lives its whole life within the event budget', async () => {
  const { db } = world;
  const client = await makeClient(db);
  const therapist = await makeTherapist(db, { minuteMs: 200 });
  const admin = await makePerson(db, 'admin');
  const id = await steps.book(world, { client, therapist, inMs: 5_000, sessionMode: 'chat' });
  await steps.payFromWallet(world, id);
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  await steps.activate(world, id, admin);
  await steps.until('activated', async () => (await steps.stored(world, id)).activatedAt !== null);
  await steps.until('open', async () => (await steps.seen(world, id)).record.status === 'confirmed');
  await steps.until('confirmed durably', async () => (await steps.stored(world, id)).status === 'confirmed');
  await steps.join(world, id, 'client', client);
  await steps.join(world, id, 'therapist', therapist);
  const result = await steps.handleOf(world, id).result();
  expect(result).toEqual({ ended: 'over', status: 'completed', reason: 'duration_over' });
  const history = await steps.handleOf(world, id).fetchHistory();
  const events = history.events ?? [];
  const tasks = events.filter((event) => event.workflowTaskCompletedEventAttributes != null).length;
  for (const e of events) console.log(e.eventId?.toString(), Object.keys(e).find((k) => k.endsWith('Attributes')));
  console.log(events.length, tasks);
  console.log((await readTimeline(db, id)).map((e) => `${e.kind} ${e.actorRole} due ${e.due?.toISOString()} at ${e.at.toISOString()} ${JSON.stringify(e.detail)}`).join('\n'));
  console.log(await db.selectFrom('notification').select(['kind', 'recipientRole', 'channel', 'status', 'template']).execute());
  expect(events.length).toBeLessThanOrEqual(72);
  expect(tasks).toBeLessThanOrEqual(12);
});
