import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDecision } from '../db/messages.js';
import { withReasons } from '../db/notes.js';
import * as messages from '../workflows/messages.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

let world: World;
let admin: TestPerson;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(() => world.close());

async function parties() {
  return { client: await makeClient(world.db), therapist: await makeTherapist(world.db, { minuteMs: 1_000 }) };
}

test('activating an unpaid appointment is refused with payment_required, and nothing else changes', async () => {
  const id = await steps.book(world, { ...(await parties()), inMs: 60_000 });
  const before = await steps.stored(world, id);
  const messageId = await steps.activate(world, id, admin);
  await steps.until('decided', async () => (await readDecision(world.db, messageId)) !== null);
  expect(await readDecision(world.db, messageId)).toEqual({ ok: false, code: 'payment_required' });
  expect(await steps.stored(world, id)).toEqual(before);
  expect(await steps.timelineOf(world, id)).toEqual(['booked', 'activate:payment_required']);
  expect(await steps.handleOf(world, id).query(messages.getDecision, messageId)).toEqual({
    ok: false,
    code: 'payment_required',
  });
});

test('a raw signal from the Temporal UI activates as operator, and is refused while unpaid', async () => {
  const id = await steps.book(world, { ...(await parties()), inMs: 60_000 });
  const handle = steps.handleOf(world, id);
  await handle.signal('activate', { reason: 'called by phone' });
  await steps.until('refused', async () => (await steps.timelineOf(world, id)).includes('activate:payment_required'));
  await steps.payFromWallet(world, id);
  await handle.signal('activate', { reason: 'called by phone' });
  await steps.until('activated', async () => (await steps.stored(world, id)).activatedAt !== null);
  const entry = await world.db
    .selectFrom('timelineEntry')
    .where('appointmentId', '=', id)
    .selectAll()
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  expect(entry).toMatchObject({ kind: 'activate', actorRole: 'operator' });
  const [told] = await withReasons(world.db, id, [entry], {
    of: ({ detail }) => detail['reason'],
    put: (one, reason) => ({ ...one, detail: { reason } }),
  });
  expect(told).toMatchObject({ detail: { reason: 'called by phone' } });
  expect(JSON.stringify(entry)).not.toContain('called');
});

test.each([
  ['nothing', []],
  ['null', [null]],
  ['a number', [42]],
  ['a message that does not exist', [{ messageId: '11111111-1111-4111-8111-111111111111' }]],
  ['a reason that is no text', [{ reason: { deep: true } }]],
  ['another type', [['x']]],
])('a signal with %s harms nothing', async (_, args) => {
  const id = await steps.book(world, { ...(await parties()), inMs: 60_000 });
  await steps.payFromWallet(world, id);
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  const handle = steps.handleOf(world, id);
  for (const signal of ['activate', 'paymentSettled', 'participantJoined', 'participantLeft'])
    await handle.signal(signal, ...args);
  const state = await handle.query(messages.getState);
  expect(state).toMatchObject({ status: 'scheduled', snapshot: { activated: false } });
  expect((await steps.stored(world, id)).activatedAt).toBeNull();
  expect(await steps.timelineOf(world, id)).toEqual(['booked', 'payment_settled']);
});

test('a raw paymentSettled pays nothing', async () => {
  const id = await steps.book(world, { ...(await parties()), inMs: 60_000 });
  await steps.handleOf(world, id).signal('paymentSettled', { amountMinor: 6_000, currency: 'INR', paymentId: id });
  expect(await steps.handleOf(world, id).query(messages.getState)).toMatchObject({
    refused: [{ code: 'message_malformed' }],
  });
  expect((await steps.stored(world, id)).paidAt).toBeNull();
});

test('activation again is a success that changes nothing; taken back until T-5; force-confirm opens at once', async () => {
  const { client, therapist } = await parties();
  const id = await steps.activated(world, { client, therapist, admin, inMs: 120_000 });
  const again = await steps.activate(world, id, admin);
  await steps.until('decided', async () => (await readDecision(world.db, again)) !== null);
  expect(await readDecision(world.db, again)).toEqual({ ok: true });
  const by = { role: 'admin', id: admin.id } as const;
  expect(await steps.request(world, id, messages.deactivate, by, 'a mistake')).toMatchObject({
    activated: false,
    status: 'scheduled',
  });
  expect(await steps.request(world, id, messages.forceConfirm, by, 'begins early')).toMatchObject({
    activated: true,
    status: 'confirmed',
  });
  expect(await steps.request(world, id, messages.deactivate, by, 'too late').catch(steps.refusalOf)).toBe('too_late');
  await steps.join(world, id, 'client', client);
  await steps.until('in progress', async () => (await steps.stored(world, id)).status === 'in_progress');
  expect(await steps.timelineOf(world, id)).toEqual([
    'booked',
    'payment_settled',
    'activate',
    'deactivate',
    'force_confirm',
    'deactivate:too_late',
    'join',
  ]);
});

test('updates sent by hand with anything are refused and harm nothing', async () => {
  const id = await steps.book(world, { ...(await parties()), inMs: 60_000 });
  for (const args of [[], [null], [{ requestId: 'x' }], [{ requestId: id, actor: { role: 'client', id } }]]) {
    const refused = await steps
      .handleOf(world, id)
      .executeUpdate(messages.forceConfirm, { args: args as never })
      .catch(steps.refusalOf);
    expect(refused).toBe('message_malformed');
  }
  expect(await steps.timelineOf(world, id)).toEqual(['booked']);
});

test('cancelling from the Temporal UI is noted and ignored', async () => {
  const id = await steps.book(world, { ...(await parties()), inMs: 60_000 });
  const handle = steps.handleOf(world, id);
  await handle.cancel();
  await steps.until('noted', async () => (await handle.query(messages.getState)).cancelRequested);
  await steps.payFromWallet(world, id);
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  expect((await handle.describe()).status.name).toBe('RUNNING');
});
