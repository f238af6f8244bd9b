import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

/** The budget for a full life: book, pay, activate, T-15, T-5, two joins, end. */
const MOST_EVENTS = 64;
const MOST_WORKFLOW_TASKS = 10;

const byText = (a: string | null, b: string | null) => String(a).localeCompare(String(b));

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world.close());

/** The therapist is told of the booking before an admin activates it: activated at once, that would lose its meaning. */
async function therapistTold(id: string): Promise<boolean> {
  const rows = await world.db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'approval_pending')
    .select('status')
    .execute();
  return rows.length > 0 && rows.every(({ status }) => status === 'sent');
}

async function playVideoLife() {
  const { db } = world;
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, { minuteMs: 250 }),
    await makePerson(db, 'admin'),
  ];
  const id = await steps.book(world, { client, therapist, inMs: 9_000, durationMinutes: 20 });
  await steps.payFromWallet(world, id);
  await steps.until('the therapist is told', () => therapistTold(id));
  await steps.activate(world, id, admin);
  await steps.until('confirmed', async () => (await steps.stored(world, id)).status === 'confirmed');
  await steps.join(world, id, 'client', client);
  await steps.join(world, id, 'therapist', therapist);
  const result = await steps.handleOf(world, id).result();
  return { id, client, therapist, result };
}

test('a video session lives its whole life: every transition, the money and the budget of events', async () => {
  const { id, client, therapist, result } = await playVideoLife();
  expect(result).toEqual({ ended: 'over', status: 'completed', reason: 'duration_over' });
  expect(await steps.timelineOf(world, id)).toEqual([
    'booked',
    'payment_settled',
    'activate',
    'reminder_due',
    'opening_due',
    'join',
    'join',
    'duration_over',
  ]);
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 98_000,
    client_wallet_held: 0,
    therapist_payable: 1_600,
    platform_fee: 400,
  });
  const { events } = await steps.handleOf(world, id).fetchHistory();
  const tasks = events!.filter((event) => event.workflowTaskCompletedEventAttributes != null).length;
  expect(events!.length).toBeLessThanOrEqual(MOST_EVENTS);
  expect(tasks).toBeLessThanOrEqual(MOST_WORKFLOW_TASKS);
  const { meetingId } = await world.db
    .selectFrom('appointment')
    .where('id', '=', id)
    .select('meetingId')
    .executeTakeFirstOrThrow();
  const rooms = () => world.sandbox.control.rooms.list().filter(({ uniqueName }) => uniqueName === meetingId);
  await steps.until('the room is closed', async () => rooms().every(({ status }) => status === 'completed'));
  expect(rooms()).toHaveLength(1);
});

test('everyone is told everything exactly once', async () => {
  const { id } = await playVideoLife();
  const open = () =>
    world.db
      .selectFrom('notification')
      .where('appointmentId', '=', id)
      .where('status', 'in', ['pending', 'sending'])
      .select('id')
      .execute();
  await steps.until('all notifications have gone out', async () => (await open()).length === 0);
  const rows = await world.db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('status', '=', 'sent')
    .selectAll()
    .execute();
  const told = (role: string) =>
    [...new Set(rows.filter((row) => row.recipientRole === role).map(({ template }) => template))].toSorted(byText);
  expect(told('client')).toEqual([
    'approved',
    'booking_made',
    'completed',
    'join_open',
    'payment_received',
    'session_reminder',
  ]);
  expect(told('therapist')).toEqual(['approval_pending', 'approved', 'completed', 'join_open', 'session_reminder']);
  expect(told('admin')).toEqual([]);
  const mails = world.sandbox.control.mail().filter(({ text }) => text.includes(id));
  expect(mails.length).toBe(rows.filter(({ channel }) => channel === 'email').length);
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length);
  const sms = world.sandbox.control.sms().filter(({ body }) => body.includes(id.slice(0, 8)));
  expect(sms.length).toBe(rows.filter(({ channel }) => channel === 'sms').length);
});

test('a party ends a session that both came to, and a repeat of the request gets its first answer', async () => {
  const { db } = world;
  const [client, therapist, admin] = [await makeClient(db), await makeTherapist(db), await makePerson(db, 'admin')];
  const id = await steps.confirmed(world, { client, therapist, admin, inMs: 1_500, durationMinutes: 60 });
  await steps.join(world, id, 'client', client);
  await steps.join(world, id, 'therapist', therapist);
  const snapshot = await steps.endBy(world, id, 'therapist', therapist);
  expect(snapshot).toMatchObject({ status: 'completed', outcome: { reason: 'ended_by_party', by: 'therapist' } });
  expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'completed' });
});

test('ending before the start + 15 min by the only one who came counts as leaving, afterwards as the other’s no-show', async () => {
  const { db } = world;
  const [client, therapist, admin] = [
    await makeClient(db),
    await makeTherapist(db, { minuteMs: 200 }),
    await makePerson(db, 'admin'),
  ];
  const id = await steps.confirmed(world, {
    client,
    therapist,
    admin,
    inMs: 3_000,
    durationMinutes: 60,
    sessionMode: 'chat',
  });
  await steps.join(world, id, 'client', client);
  await steps.until('in progress', async () => (await steps.stored(world, id)).status === 'in_progress');
  expect(await steps.endBy(world, id, 'client', client)).toMatchObject({ status: 'in_progress' });
  const { startsAt } = await steps.stored(world, id);
  await steps.sleep(startsAt + 15 * 200 - Date.now() + 50);
  expect(await steps.endBy(world, id, 'client', client)).toMatchObject({
    status: 'no_show',
    outcome: { reason: 'therapist_absent' },
  });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 100_000,
    client_wallet_held: 0,
  });
});
