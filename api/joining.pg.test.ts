import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { twilioCredentials } from '../sandbox/credentials.js';
import { DAY_MS, makeParties, MINUTE_MS, passUntilStart } from '../tests/support/appointments.js';
import { activated, booked, open, over, paid } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** Joining with Temporal out of reach: PostgreSQL and the vendor are all it takes. */

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
});

interface Ticket {
  mode: string;
  room: { name: string; sid: string; identity: string };
  token: string;
  expiresAt: string;
  endsAt: string;
}
const join = async (who: 'client' | 'therapist', id: string, key?: string) => {
  const { status, body, headers } = await world.post(own.parties[who], `/v1/appointments/${id}/join`, {}, key);
  return { status, headers, body: body as unknown as Ticket & Record<string, unknown> };
};
const messagesOf = (id: string) =>
  world.db.selectFrom('message').where('appointmentId', '=', id).where('kind', '=', 'join').selectAll().execute();
const presence = (id: string) =>
  world.db
    .selectFrom('appointment')
    .where('id', '=', id)
    .select(['status', 'clientJoinedAt', 'clientCameAt', 'therapistJoinedAt'])
    .executeTakeFirstOrThrow();

test('a join at T-5 with the worker and Temporal down is answered with a token that opens the room', async () => {
  const id = await open(own);
  const { status, body } = await join('client', id);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    mode: 'video',
    room: { name: `meeting-${id}`, sid: expect.stringMatching(/^RM/) as string },
  });
  const token = decodeJwt(body.token);
  expect(token).toMatchObject({
    iss: twilioCredentials.apiKeySid,
    grants: { identity: body.room.identity, video: { room: `meeting-${id}` } },
  });
  expect(body.room.identity).toMatch(/^a-[0-9a-f]{12}$/);
  expect(Math.abs(token.exp! * 1000 - Date.parse(body.expiresAt))).toBeLessThan(2_000);
  expect(Date.parse(body.expiresAt) - Date.parse(body.endsAt)).toBeGreaterThan(4 * MINUTE_MS);
  const { participantSid } = await world.sandbox.control.rooms.connect(body.room.name, { token: body.token });
  expect(participantSid).toMatch(/^PA/);
  await world.settled();
  const [message] = await messagesOf(id);
  expect(message).toMatchObject({ deliveredAt: null, handledAt: null, actorRole: 'client' });
  expect(message!.nextAttemptAt).not.toBeNull();
  expect((await presence(id)).clientJoinedAt).not.toBeNull();
  expect((await world.send(own.parties.client, `/v1/appointments/${id}`)).body).toMatchObject({
    status: 'in_progress',
    join: { canJoin: true },
  });
});

test('the room’s own events say who came; the old connection is dropped when its person joins anew', async () => {
  const id = await open(own);
  const first = (await join('client', id)).body;
  await world.sandbox.control.rooms.connect(first.room.name, { token: first.token });
  const connected = () => world.db.selectFrom('roomConnection').where('appointmentId', '=', id).selectAll().execute();
  await expect
    .poll(connected)
    .toMatchObject([{ participant: 'client', identity: first.room.identity, disconnectedAt: null }]);
  expect((await presence(id)).clientCameAt).not.toBeNull();
  const second = (await join('client', id)).body;
  expect(second.room.sid).toBe(first.room.sid);
  expect(second.room.identity).not.toBe(first.room.identity);
  await expect.poll(async () => (await connected())[0]!.disconnectedAt).not.toBeNull();
  expect(await messagesOf(id)).toHaveLength(2);
});

test('a room that ended is made anew by the next join', async () => {
  const id = await open(own);
  const first = (await join('client', id)).body.room;
  await world.db.updateTable('room').set({ status: 'closed' }).where('appointmentId', '=', id).execute();
  await world.sandbox.control.rooms.connect(first.name, { identity: 'client-x' });
  const again = (await join('client', id)).body.room;
  expect(again.sid).toBe(first.sid);
  const row = await world.db.selectFrom('room').where('appointmentId', '=', id).selectAll().executeTakeFirst();
  expect(row).toMatchObject({ status: 'alive', sid: again.sid });
});

test('chat opens its conversation with one member a participant, and the join counts as coming', async () => {
  const id = await open(own, { sessionMode: 'chat' });
  const first = (await join('client', id)).body;
  const second = (await join('client', id)).body;
  expect(first).toMatchObject({
    mode: 'chat',
    room: { sid: expect.stringMatching(/^CH/) as string, identity: `a-${id}` },
  });
  expect(second.room).toEqual(first.room);
  expect(decodeJwt(first.token)).toMatchObject({
    grants: { chat: { service_sid: twilioCredentials.conversationsServiceSid } },
  });
  expect((await presence(id)).clientCameAt).not.toBeNull();
});

test('a repeat with the same key joins once, mints another token, and stores none', async () => {
  const id = await open(own);
  const first = await join('client', id, 'once');
  const again = await join('client', id, 'once');
  expect(again.status).toBe(200);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.body.token).not.toBe(first.body.token);
  expect(again.body).toMatchObject({ mode: 'video', endsAt: first.body.endsAt, room: { sid: first.body.room.sid } });
  expect(await messagesOf(id)).toHaveLength(1);
  const stored = JSON.stringify(await world.db.selectFrom('idempotencyKey').selectAll().execute());
  expect(stored).not.toContain(first.body.token.split('.')[2]);
  await passUntilStart(world.db, id, 61 * MINUTE_MS);
  expect(await join('client', id, 'once')).toMatchObject({ status: 409, body: { code: 'already_over' } });
});

describe('is refused', () => {
  const early = async (make: () => Promise<string>) => {
    const id = await make();
    const answer = await join('client', id);
    expect(await messagesOf(id)).toEqual([]);
    return answer;
  };

  test('with the verdict’s code, a sentence and a remedy', async () => {
    expect(await early(() => booked(own, { inMs: DAY_MS }))).toMatchObject({
      status: 409,
      body: { code: 'payment_required' },
    });
    expect(await early(() => paid(own, { inMs: 2 * DAY_MS }))).toMatchObject({
      status: 409,
      body: { code: 'awaiting_activation' },
    });
    const tooEarly = await early(() => activated(own, { inMs: 3 * DAY_MS }));
    expect(tooEarly).toMatchObject({
      status: 409,
      body: { code: 'too_early', remedy: 'Come back when it opens.', opensAt: expect.any(String) as string },
    });
    own = { db: world.db, parties: await makeParties(world.db) };
    expect(await early(() => over(own))).toMatchObject({ status: 409, body: { code: 'already_over' } });
  });

  test('to a therapist who holds another session, by its name; once that is left before its start, no more', async () => {
    const held = await open(own);
    const other = { db: world.db, parties: { ...own.parties, client: (await makeParties(world.db)).client } };
    const id = await activated(other, { inMs: 2 * DAY_MS });
    await world.db
      .updateTable('appointment')
      .set({ forcedAt: new Date(), openedAt: new Date(), status: 'confirmed' })
      .where('id', '=', id)
      .execute();
    expect((await join('therapist', held)).status).toBe(200);
    expect(await join('therapist', id)).toMatchObject({
      status: 409,
      body: { code: 'therapist_busy', blockingAppointmentId: held },
    });
    expect(await world.post(own.parties.therapist, `/v1/appointments/${held}/leave`)).toMatchObject({
      status: 200,
      body: { id: held, status: 'in_progress' },
    });
    expect((await join('therapist', id)).status).toBe(200);
  });
});

test('leaving keeps the session, tells the workflow, and needs a join before it', async () => {
  const id = await open(own);
  const leave = () => world.post(own.parties.client, `/v1/appointments/${id}/leave`);
  expect(await leave()).toMatchObject({ status: 409, body: { code: 'not_started' } });
  await join('client', id);
  expect(await leave()).toMatchObject({ status: 200, body: { status: 'in_progress', join: { canJoin: true } } });
  const left = await world.db
    .selectFrom('message')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'leave')
    .selectAll()
    .execute();
  expect(left).toHaveLength(1);
});

test('with the room’s vendor away a join is 503 and the same key succeeds later', async () => {
  const id = await open(own);
  world.sandbox.control.addFault({ provider: 'twilio', kind: 'error500' });
  const refused = await join('client', id, 'again');
  world.sandbox.control.clearFaults();
  expect(refused).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } });
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await join('client', id, 'again')).status).toBe(200);
});
