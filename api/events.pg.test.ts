import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { joinSession } from '../db/joins.js';
import { storeMessage } from '../db/messages.js';
import { payByWallet } from '../db/payment-requests.js';
import { makeServiceToken, revokeServiceToken } from '../db/service-tokens.js';
import { endSession, openSession } from '../db/web-sessions.js';
import { bookAppointment, MINUTE_MS, passUntilStart } from '../tests/support/appointments.js';
import { type EventStream, openEvents } from '../tests/support/event-stream.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from '../tests/support/people.js';
import { SESSION_DEFAULTS } from './config.js';
import { hashOfSecret, randomSecret } from './secrets.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

const HEARTBEAT_MS = 300;

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ live: { heartbeatMs: HEARTBEAT_MS, mostOfOne: 3 } });
});
const open: EventStream[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(() => world.close());

async function listen(person: TestPerson, path = '/v1/events', lastEventId?: string): Promise<EventStream> {
  const authorization = `Bearer ${await world.tokenOf(person.subject)}`;
  const headers = { authorization, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
  const stream = await openEvents(world.url + path, headers);
  open.push(stream);
  return stream;
}

/** A stream that has said that it is ready. */
async function ready(...args: Parameters<typeof listen>): Promise<EventStream> {
  const stream = await listen(...args);
  expect(stream.status).toBe(200);
  await stream.until(({ event }) => event === 'ready' || event === 'reset');
  return stream;
}

async function pair() {
  const { db } = world;
  const client = await makeClient(db);
  const therapist = await makeTherapist(db, { minuteMs: MINUTE_MS, bufferMinutes: 10 });
  return { client, therapist };
}

async function commitMessage(appointmentId: string, kind: 'activate' | 'deactivate'): Promise<void> {
  const actor = { role: 'admin', id: world.parties.admin.id } as const;
  await storeMessage(world.db, { appointmentId, kind, actor, signal: false, payload: { reason: 'a test' } });
  await commitAppointment(world.db, appointmentId);
}

async function pay(appointmentId: string): Promise<void> {
  await payByWallet(world.db, appointmentId);
  await commitAppointment(world.db, appointmentId);
}

const told = (stream: EventStream, id: string) =>
  stream.events.filter(({ data }) => data['id'] === id).flatMap(({ data }) => data['changes'] as string[]);

const saying = (id: string, change: string) => (event: { data: Record<string, unknown> }) =>
  event.data['id'] === id && (event.data['changes'] as string[] | undefined)?.includes(change) === true;

test('a stream says how it wants to be read, and shows signs of life', async () => {
  const { client } = await pair();
  const stream = await ready(client);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  expect(stream.asides[0]).toMatch(/^retry: \d{4}$/);
  const [first] = [stream.lastEventId()];
  expect(first).not.toBe('');
  await expect.poll(() => stream.asides.filter((line) => line.startsWith(':')).length).toBeGreaterThan(1);
});

test('each hears of their own: the therapist from activation on, admins of all, others of nothing', async () => {
  const { client, therapist } = await pair();
  const stranger = await makeClient(world.db);
  const [mine, theirs, all, nobody] = [
    await ready(client),
    await ready(therapist),
    await ready(world.parties.admin),
    await ready(stranger),
  ];
  const id = await bookAppointment(world.db, { client, therapist });
  await mine.until(saying(id, 'booked'));
  await pay(id);
  await mine.until(saying(id, 'paid'));
  await commitMessage(id, 'activate');
  const seen = await theirs.until(saying(id, 'activated'));
  expect(seen).toMatchObject({
    event: 'appointment.changed',
    data: { id, version: expect.any(Number), status: 'scheduled', deciding: false, changes: ['activated'] },
  });
  expect(Object.keys(seen.data).toSorted()).toEqual(['changes', 'deciding', 'id', 'status', 'version']);
  await commitMessage(id, 'deactivate');
  await theirs.until(({ event, data }) => event === 'appointment.removed' && data['id'] === id);
  await all.until(saying(id, 'deactivated'));
  expect(told(mine, id)).toEqual(['booked', 'paid', 'activated', 'deactivated']);
  expect(told(all, id)).toEqual(['booked', 'paid', 'activated', 'deactivated']);
  expect(theirs.events.map(({ event }) => event)).toEqual(['ready', 'appointment.changed', 'appointment.removed']);
  await sleep(2 * HEARTBEAT_MS);
  expect(nobody.events.map(({ event }) => event)).toEqual(['ready']);
});

test('payments are the client’s and admins’ business, a notification its recipient’s', async () => {
  const { client, therapist } = await pair();
  const id = await bookAppointment(world.db, { client, therapist });
  await pay(id);
  await commitMessage(id, 'activate');
  const [mine, theirs, all] = [await ready(client), await ready(therapist), await ready(world.parties.admin)];
  const { db } = world;
  await db.updateTable('payment').set({ status: 'partially_refunded' }).where('appointmentId', '=', id).execute();
  const paid = await mine.until(({ event }) => event === 'payment.changed');
  expect(paid.data).toEqual({ id: expect.any(String), appointmentId: id, status: 'partially_refunded' });
  await all.until(({ event, data }) => event === 'payment.changed' && data['appointmentId'] === id);
  const notification = await db
    .updateTable('notification')
    .set({ status: 'sent' })
    .where('appointmentId', '=', id)
    .where('recipientId', '=', therapist.id)
    .where('channel', '=', 'in_app')
    .where('kind', '=', 'approved')
    .returning('id')
    .executeTakeFirstOrThrow();
  await theirs.until(({ event, data }) => event === 'notification.created' && data['id'] === notification.id);
  await sleep(2 * HEARTBEAT_MS);
  expect(theirs.events.map(({ event }) => event)).toEqual(['ready', 'notification.created']);
  expect(all.events.map(({ event }) => event)).not.toContain('notification.created');
});

test('one appointment’s stream tells of no other, and is not there for strangers', async () => {
  const { client, therapist } = await pair();
  const [one, other] = [
    await bookAppointment(world.db, { client, therapist }),
    await bookAppointment(world.db, { client, therapist }, { inMs: 2 * 24 * 60 * MINUTE_MS }),
  ];
  const stream = await ready(client, `/v1/appointments/${one}/events`);
  await pay(other);
  await pay(one);
  await stream.until(saying(one, 'paid'));
  expect(stream.events.every(({ data }) => data['id'] !== other && data['appointmentId'] !== other)).toBe(true);
  for (const reader of [await makeClient(world.db), therapist]) {
    const refused = await listen(reader, `/v1/appointments/${one}/events`);
    expect(refused.status).toBe(404);
  }
});

test('who comes again with the last id is told exactly what happened meanwhile', async () => {
  const { client, therapist } = await pair();
  const before = await ready(client);
  const id = await bookAppointment(world.db, { client, therapist });
  await before.until(saying(id, 'booked'));
  before.close();
  await pay(id);
  await commitMessage(id, 'activate');
  const after = await ready(client, '/v1/events', before.lastEventId());
  expect(told(after, id)).toEqual(['paid', 'activated']);
  const { pathname, search } = new URL(
    `${world.url}/v1/events?lastEventId=${encodeURIComponent(before.lastEventId())}`,
  );
  const byQuery = await ready(client, pathname + search);
  expect(told(byQuery, id)).toEqual(['paid', 'activated']);
  const again = await ready(client, '/v1/events', after.lastEventId());
  expect(told(again, id)).toEqual([]);
  expect(again.events.at(-1)?.event).toBe('ready');
});

test.each([
  ['nonsense', 'nonsense'],
  ['what this database never saw', '999999999999:999999999999:@' + Date.now()],
  ['two days ago', `1:1:@${Date.now() - 2 * 24 * 60 * MINUTE_MS}`],
  ['a snapshot that PostgreSQL would refuse', `10:20:30@${Date.now()}`],
])('an id that leads nowhere gets a reset: %s', async (_, lastEventId) => {
  const { client } = await pair();
  const stream = await ready(client, '/v1/events', lastEventId);
  expect(stream.events.map(({ event }) => event)).toEqual(['reset']);
});

test('a commit that becomes visible after younger ones is told of, live and on resume', async () => {
  const { client, therapist } = await pair();
  const one = await bookAppointment(world.db, { client, therapist });
  const two = await bookAppointment(world.db, { client, therapist }, { inMs: 2 * 24 * 60 * MINUTE_MS });
  const stream = await ready(client);
  const slow = new pg.Client({ connectionString: world.databaseUrl });
  await slow.connect();
  try {
    await slow.query('begin');
    await slow.query('update appointment set paid_at = clock_timestamp() where id = $1', [one]);
    await pay(two); // an older transaction's events are not there yet
    await stream.until(saying(two, 'paid'));
    await expect.poll(() => stream.asides.filter((line) => line.startsWith(':')).length).toBeGreaterThan(1);
    const place = stream.lastEventId();
    expect(told(stream, one)).toEqual([]);
    await slow.query('commit');
    await stream.until(saying(one, 'paid'));
    const resumed = await ready(client, '/v1/events', place);
    expect(told(resumed, one)).toEqual(['paid']);
    expect(told(resumed, two)).toEqual([]);
  } finally {
    await slow.end();
  }
});

test('forty writers at once and a reader that loses its connection again and again: nothing is missed', async () => {
  const { therapist } = await pair();
  const { admin } = world.parties;
  const booked: string[] = [];
  for (let n = 0; n < 40; n += 1) {
    const client = await makeClient(world.db);
    booked.push(await bookAppointment(world.db, { client, therapist }, { inMs: (n + 2) * 2 * 60 * MINUTE_MS }));
  }
  const heard = new Set<string>();
  let place = (await ready(admin)).lastEventId();
  const pool = new pg.Pool({ connectionString: world.databaseUrl, max: 20 });
  const write = async (id: string, n: number) => {
    const writer = await pool.connect();
    await writer.query('begin');
    await writer.query('update appointment set paid_at = clock_timestamp() where id = $1', [id]);
    await sleep((n * 37) % 200);
    await writer.query('commit');
    writer.release();
  };
  const written = Promise.all(booked.map(write));
  let isOver = false;
  void written.then(() => (isOver = true));
  for (let last = false; !last;) {
    last = isOver;
    const stream = await ready(admin, '/v1/events', place);
    await sleep(20);
    stream.close();
    await stream.ended;
    for (const { data } of stream.events) if (data['changes'] !== undefined) heard.add(String(data['id']));
    place = stream.lastEventId();
  }
  await pool.end();
  expect([...heard].toSorted()).toEqual(booked.toSorted());
});

test('T-5 is told on its second, to who watches and to who was away, though nothing was committed', async () => {
  const { client, therapist } = await pair();
  const id = await bookAppointment(world.db, { client, therapist });
  await pay(id);
  await commitMessage(id, 'activate');
  const watching = await ready(client);
  const away = await ready(therapist);
  const place = away.lastEventId();
  away.close();
  await passUntilStart(world.db, id, -5 * MINUTE_MS - 1_500);
  const { rows } = await sql<{ opensAt: Date; offset: number }>`
    select opens_at from appointment where id = ${id}`.execute(world.db);
  const opened = await watching.until(({ data }) => data['id'] === id && data['status'] === 'confirmed');
  expect(opened.at - rows[0]!.opensAt.getTime()).toBeGreaterThanOrEqual(0);
  expect(opened.at - rows[0]!.opensAt.getTime()).toBeLessThan(500);
  const row = await world.db.selectFrom('appointment').where('id', '=', id).select('status').executeTakeFirstOrThrow();
  expect(row.status).toBe('scheduled');
  const back = await ready(therapist, '/v1/events', place);
  expect(back.events.map(({ data }) => [data['id'], data['status']])).toContainEqual([id, 'confirmed']);
});

test('somebody joins: the other one’s open screen is told', async () => {
  const { client, therapist } = await pair();
  const id = await bookAppointment(world.db, { client, therapist });
  await pay(id);
  await commitMessage(id, 'activate');
  await passUntilStart(world.db, id, -2 * MINUTE_MS);
  const stream = await ready(therapist);
  await joinSession(world.db, id, 'client', client.id);
  const joined = await stream.until(saying(id, 'client_joined'));
  expect(joined.data['status']).toBe('in_progress');
});

test('a ticket opens one stream, once, and nothing else', async () => {
  const { client } = await pair();
  const { status, body } = await world.post(client, '/v1/events/tickets');
  expect(status).toBe(201);
  const ticket = String(body['ticket']);
  const { rows } = await sql<{ stored: string }>`select json_agg(t)::text as stored from event_ticket t`.execute(
    world.db,
  );
  expect(rows[0]!.stored).not.toContain(ticket);
  const elsewhere = await world.send(null, `/v1/appointments?ticket=${ticket}`);
  expect(elsewhere).toMatchObject({ status: 401, body: { code: 'token_missing' } });
  const tried = await Promise.all(
    Array.from({ length: 5 }, () => openEvents(`${world.url}/v1/events?ticket=${ticket}`)),
  );
  open.push(...tried);
  expect(tried.map(({ status: one }) => one).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401, 401]);
  const good = tried.find(({ status: one }) => one === 200)!;
  await good.until(({ event }) => event === 'ready');
});

test('a ticket is too old after thirty seconds; a repeated request gets another one', async () => {
  const { client } = await pair();
  const first = await world.post(client, '/v1/events/tickets', undefined, 'again');
  const second = await world.post(client, '/v1/events/tickets', undefined, 'again');
  expect(second.body['ticket']).not.toBe(first.body['ticket']);
  const life = Date.parse(String(first.body['expiresAt'])) - Date.now();
  expect(life).toBeGreaterThan(25_000);
  expect(life).toBeLessThan(31_000);
  await sql`update event_ticket set expires_at = clock_timestamp() - interval '1 millisecond'`.execute(world.db);
  const late = await world.send(null, `/v1/events?ticket=${String(first.body['ticket'])}`);
  expect(late).toMatchObject({ status: 401, body: { code: 'ticket_invalid' } });
});

/** A session of the web app, without its sign-in. */
async function sessionOf(person: TestPerson): Promise<{ cookie: string; end: () => Promise<unknown> }> {
  const secret = randomSecret();
  const secretHash = hashOfSecret(secret);
  await openSession(world.db, { secretHash, personId: person.id, replaces: null }, SESSION_DEFAULTS);
  return { cookie: `punctual=${secret}`, end: () => endSession(world.db, { secretHash }) };
}

async function ticketBy(headers: Record<string, string>): Promise<string> {
  const path = '/v1/events/tickets';
  const { status, body } = await world.send(null, path, { method: 'POST', headers });
  expect(status).toBe(201);
  return `${world.url}/v1/events?ticket=${String(body['ticket'])}`;
}
const byCookie = (cookie: string) => ticketBy({ cookie, 'sec-fetch-site': 'same-origin' });

test('a ticket is worth nothing once the session that asked for it is over', async () => {
  const session = await sessionOf((await pair()).client);
  const address = await byCookie(session.cookie);
  await session.end();
  const refused = await openEvents(address);
  open.push(refused);
  expect(refused.status).toBe(401);
});

test(
  'a stream by ticket ends with the session or token that asked for it, within 15 s',
  { timeout: 40_000 },
  async () => {
    const [{ client }, { client: other }] = [await pair(), await pair()];
    const [ended, lasting] = [await sessionOf(client), await sessionOf(other)];
    const { db, parties } = world;
    const [id, token] = [randomUUID(), `pst_${randomSecret()}`];
    const expiresAt = new Date(Date.now() + 3_600_000);
    const service = { id, name: 'Screen', scopes: ['appointments:read'], secretHash: hashOfSecret(token) };
    await makeServiceToken(db, { ...service, createdBy: parties.admin.id, expiresAt });
    const addresses = {
      session: await byCookie(ended.cookie),
      service: await ticketBy({ authorization: `Bearer ${token}` }),
      bearer: await ticketBy({ authorization: `Bearer ${await world.tokenOf(client.subject)}` }),
      lasting: await byCookie(lasting.cookie),
    };
    const hash = hashOfSecret(new URL(addresses.bearer).searchParams.get('ticket')!);
    const stored = await db.selectFrom('eventTicket').where('hash', '=', hash).selectAll().executeTakeFirstOrThrow();
    expect(stored.goodUntil!.getTime()).toBeGreaterThan(Date.now());
    await sql`update event_ticket set good_until = clock_timestamp() + interval '5 seconds' where hash = ${hash}`.execute(
      db,
    );
    const streams = await Promise.all(Object.values(addresses).map((address) => openEvents(address)));
    open.push(...streams);
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const isOver = [false, false, false, false];
    streams.forEach((stream, n) => void stream.ended.then(() => (isOver[n] = true)));
    await ended.end();
    await revokeServiceToken(db, id);
    await expect.poll(() => isOver, { timeout: 17_000, interval: 200 }).toEqual([true, true, true, false]);
  },
);

test('one person may have so many streams, and a closed one counts no more', async () => {
  const { client } = await pair();
  const streams = [await ready(client), await ready(client), await ready(client)];
  const refused = await world.send(client, '/v1/events');
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_streams' } });
  streams[0]!.close();
  await expect.poll(async () => (await listen(client)).status).toBe(200);
});

test('whose role is taken away is cut off at the next sign of life', async () => {
  const person = await makePerson(world.db, 'admin');
  const stream = await ready(person);
  await world.db.updateTable('person').set({ role: 'client' }).where('id', '=', person.id).execute();
  await stream.ended;
});

test('a lost LISTEN connection is made again, and what happened meanwhile is told', async () => {
  const { client, therapist } = await pair();
  const stream = await ready(client);
  const listening = async () =>
    (
      await sql<{ pid: number }>`
        select pid from pg_stat_activity where application_name = 'punctual live' and datname = current_database()
          and query like 'LISTEN%'`.execute(world.db)
    ).rows.map(({ pid }) => pid);
  await expect.poll(listening).toHaveLength(1);
  const [lost] = await listening();
  await sql`select pg_terminate_backend(${lost})`.execute(world.db);
  const id = await bookAppointment(world.db, { client, therapist });
  await stream.until(saying(id, 'booked'));
  await expect.poll(listening, { timeout: 5_000 }).toHaveLength(1);
  expect(await listening()).not.toEqual([lost]);
});

test('a stop ends the streams at once, and opens no more', async () => {
  const stopping = await createApiWorld();
  try {
    const { client } = stopping.parties;
    const authorization = `Bearer ${await stopping.tokenOf(client.subject)}`;
    const stream = await openEvents(`${stopping.url}/v1/events`, { authorization });
    await stream.until(({ event }) => event === 'ready');
    await stopping.live.close();
    await stream.ended;
    expect(stopping.live.size).toBe(0);
    const refused = await stopping.send(client, '/v1/events');
    expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } });
  } finally {
    await stopping.close();
  }
});
