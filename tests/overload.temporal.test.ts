import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readTimeline } from '../db/timeline.js';
import type { Child } from '../dev/child.js';
import { startApiChild } from './support/api-child.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import { signIn } from './support/sign-in.js';
import * as steps from './support/steps.js';
import { startWorkerChild, type WorkerChild } from './support/worker-child.js';
import { createWorld, type World } from './support/world.js';

/** Far more than can be answered, over HTTP, against API and worker in processes of their own. */

/** Narrow, so that this test's one client can ask for several times what is let in. */
const NARROW_DOOR = {
  READS_AT_ONCE: '2',
  CHANGES_AT_ONCE: '4',
  QUEUE_LENGTH: '10',
  QUEUE_MS: '300',
};
const FLOOD_MS = 6_000;

interface Sent {
  path: string;
  status: number;
  body: Record<string, unknown>;
  retryAfter: string | null;
  tookMs: number;
}

let world: World;
let worker: WorkerChild;
let api: Child & { url: string };
let admin: TestPerson;
const tokens = new Map<string, Promise<string>>();

beforeAll(async () => {
  world = await createWorld();
  const { sandbox, databaseUrl, taskQueue, publicUrl } = world;
  const temporalAddress = inject('temporalAddress');
  const site = { sandbox, databaseUrl, taskQueue, publicUrl, temporalAddress };
  worker = await startWorkerChild({ ...site, workflowBundle: inject('workflowBundle') });
  api = await startApiChild(site, NARROW_DOOR);
  admin = await makePerson(world.db, 'admin');
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  await world.close();
});

async function send(person: TestPerson, method: 'GET' | 'POST', path: string, body?: object): Promise<Sent> {
  const token = tokens.get(person.subject) ?? signIn(`${world.sandbox.url}/oidc`, person.subject);
  tokens.set(person.subject, token);
  const authorization = `Bearer ${await token}`;
  const forPost = {
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const startedAt = performance.now();
  const answer = await fetch(
    api.url + path,
    method === 'POST' ? { method, ...forPost } : { headers: { authorization } },
  );
  const text = (await answer.json()) as Record<string, unknown>;
  const tookMs = performance.now() - startedAt;
  return { path, status: answer.status, body: text, retryAfter: answer.headers.get('retry-after'), tookMs };
}

/** So many at a time ask without rest until the time is over. */
async function flood(lanes: number, forMs: number, ask: (lane: number, n: number) => Promise<Sent>): Promise<Sent[]> {
  const until = performance.now() + forMs;
  const all = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const sent: Sent[] = [];
      for (let n = 0; performance.now() < until; n += 1) sent.push(await ask(lane, n));
      return sent;
    }),
  );
  return all.flat();
}

/** Answered well, or turned away with when to come back. @returns those that were answered well */
function expectAnsweredOrTurnedAway(all: Sent[]): Sent[] {
  const well = all.filter(({ status }) => status >= 200 && status < 300);
  const rest = all.filter((sent) => !well.includes(sent));
  for (const { path, status, body, retryAfter } of rest) {
    expect([429, 503], `${path} ${JSON.stringify(body)}`).toContain(status);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
    expect(body).toMatchObject({ code: expect.any(String) as string, remedy: expect.any(String) as string });
  }
  return well;
}

async function waitingMessages(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from message where handled_at is null`.execute(
    world.db,
  );
  return rows[0]!.count;
}

/** How late, ms, the appointment's deadlines were made durable. */
async function lateness(id: string): Promise<number[]> {
  const entries = await readTimeline(world.db, id);
  return entries.flatMap(({ due, at, actorRole }) => {
    return due === null || actorRole !== 'system' ? [] : [at.getTime() - due.getTime()];
  });
}

test('far over capacity every answer is 2xx, 429 or 503; what was accepted is there and decided; others are on time', async () => {
  const { db } = world;
  const therapists = await Promise.all(Array.from({ length: 30 }, () => makeTherapist(db, { minuteMs: 60_000 })));
  const clients = await Promise.all(Array.from({ length: 30 }, () => makeClient(db)));
  // Its T-15, T-5, start and end all come while the flood lasts, or just after it.
  const other = { client: await makeClient(db), therapist: await makeTherapist(db), admin };
  const id = await steps.activated(world, { ...other, inMs: 4_000 });
  await Promise.all([...clients, other.client].map((client) => send(client, 'GET', '/v1/me')));
  const startsAt = Date.now() + 3_600_000;

  const [reads, bookings, seen] = await Promise.all([
    flood(60, FLOOD_MS, (lane) => send(clients[lane % 30]!, 'GET', '/v1/appointments')),
    flood(30, FLOOD_MS, (lane, n) =>
      send(clients[lane]!, 'POST', '/v1/appointments', {
        therapistId: therapists[lane]!.id,
        startsAt: new Date(startsAt + n * 3_600_000).toISOString(),
        durationMinutes: 10,
        sessionMode: 'video',
      }),
    ),
    flood(1, FLOOD_MS, async () => {
      const sent = await send(other.client, 'POST', `/v1/appointments/${id}/join`);
      await pause(150);
      return sent;
    }),
  ]);

  const read = expectAnsweredOrTurnedAway(reads);
  expect(reads.length - read.length).toBeGreaterThan(read.length); // it was far over capacity
  const refusedByRule = bookings.filter(({ status }) => status === 409); // two unpaid ones a client, by the rules
  const booked = expectAnsweredOrTurnedAway(bookings.filter(({ status }) => status !== 409));
  expect(new Set(refusedByRule.map(({ body }) => body['code']))).toEqual(new Set(['too_many_unpaid']));
  expect(booked.length).toBeGreaterThan(0);
  for (const { tookMs } of [...read, ...booked]) expect(tookMs).toBeLessThan(10_000);

  const ids = booked.map(({ body }) => String(body['id']));
  const rows = await db.selectFrom('appointment').where('id', 'in', ids).select('id').execute();
  expect(rows).toHaveLength(ids.length);
  for (const one of ids) expect((await steps.handleOf(world, one).describe()).status.name).toBe('RUNNING');
  await steps.until('all that was stored is decided', async () => (await waitingMessages()) === 0);

  // Joining has its own lane: too early at first, then let in; never turned away.
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([409, 200]));
  for (const late of await lateness(id)) expect(late).toBeLessThan(3_000);
}, 90_000);

test('ten thousand messages to one appointment are refused at the door, and harm no other', async () => {
  const { db } = world;
  const [one, other] = await Promise.all(
    [0, 1].map(async () => {
      const parties = { client: await makeClient(db), therapist: await makeTherapist(db, { minuteMs: 60_000 }) };
      const id = await steps.activated(world, { ...parties, admin, inMs: 2 * 60_000, durationMinutes: 60 });
      return { ...parties, id };
    }),
  );
  await send(one!.client, 'POST', `/v1/appointments/${one!.id}/join`);

  let left = 10_000;
  const flooding = Promise.all(
    Array.from({ length: 40 }, async () => {
      const sent: Sent[] = [];
      while ((left -= 1) >= 0) sent.push(await send(one!.client, 'POST', `/v1/appointments/${one!.id}/leave`));
      return sent;
    }),
  );
  await pause(500);
  const joined = await send(other!.client, 'POST', `/v1/appointments/${other!.id}/join`);
  expect(joined).toMatchObject({ status: 200 });
  expect(joined.tookMs).toBeLessThan(3_000);
  const all = (await flooding).flat();

  expect(all).toHaveLength(10_000);
  const accepted = expectAnsweredOrTurnedAway(all);
  expect(accepted.length).toBeGreaterThan(10);
  expect(accepted.length).toBeLessThan(500);
  expect(all.filter(({ status }) => status === 429).length).toBeGreaterThan(9_000);
  await steps.until('what was accepted is decided', async () => (await waitingMessages()) === 0);
  const { events } = await steps.handleOf(world, one!.id).fetchHistory();
  expect(events!.length).toBeLessThan(3_000);
  expect((await send(one!.therapist, 'POST', `/v1/appointments/${one!.id}/join`)).status).toBe(200);
}, 120_000);
