import { afterAll, beforeAll, expect, test } from 'vitest';
import { spreadWakeAt } from '../domain/deadlines.js';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world.close());

test('a spread wake-up readies room and rows early, changes no status, and nothing takes effect before its due time', async () => {
  const { db } = world;
  const policy = { minuteMs: 300, wakeSpreadMs: 500_000 }; // 2.5 s of it in earnest
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, policy),
    await makePerson(db, 'admin'),
  ];
  const id = await steps.activated(world, { client, therapist, admin, inMs: 8_000 });
  const record = await steps.stored(world, id);
  const opensAt = record.startsAt - 5 * policy.minuteMs;
  await steps.until('prepared', async () => (await steps.stored(world, id)).openingPreparedAt !== null);
  const prepared = await steps.stored(world, id);
  expect(prepared.openingPreparedAt).toBeGreaterThanOrEqual(
    spreadWakeAt(record, record.startsAt - 15 * policy.minuteMs),
  );
  expect(prepared).toMatchObject({ status: 'scheduled', openedAt: null });
  const rows = () =>
    db.selectFrom('notification').where('appointmentId', '=', id).where('kind', '=', 't5').selectAll().execute();
  expect(new Set((await rows()).map(({ notBefore }) => notBefore.getTime()))).toEqual(new Set([opensAt]));
  await steps.until('confirmed', async () => (await steps.stored(world, id)).status === 'confirmed');
  await steps.until('sent', async () => (await rows()).every(({ status }) => status === 'sent'));
  for (const { sentAt, template } of await rows()) {
    expect(sentAt!.getTime()).toBeGreaterThanOrEqual(opensAt);
    expect(template).toBe('join_open');
  }
  const reminder = await db
    .selectFrom('timelineEntry')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'reminder_due')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(reminder.due?.getTime()).toBe(record.startsAt - 15 * policy.minuteMs);
});
