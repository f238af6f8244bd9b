import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeMessage } from '../db/messages.js';
import { stripeCredentials } from '../sandbox/credentials.js';
import { DOOR_DEFAULTS } from './door.js';
import { booked, open } from './test-lives.js';
import { type Answer, type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
afterEach(() => world.close());

const many = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));
const codes = (answers: Answer[]) => answers.map(({ status, body }) => (status === 200 ? 200 : body['code']));

function expectRetryAfter({ headers }: Answer): void {
  const seconds = Number(headers.get('retry-after'));
  expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60).toBe(true);
}

/** Nobody can read or write appointments until it is let go. */
async function holdAppointments(): Promise<() => Promise<unknown>> {
  let letGo: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (letGo = resolve));
  let isHeld: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (isHeld = resolve));
  const over = world.db.transaction().execute(async (trx) => {
    await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
    await sql`lock table appointment in access exclusive mode`.execute(trx);
    isHeld();
    await released;
  });
  await held;
  return () => {
    letGo();
    return over;
  };
}

/** A signed event that asks for nothing but to be stored. */
function sendEvent(id: string): Promise<Answer> {
  const raw = JSON.stringify({
    id,
    object: 'event',
    type: 'customer.created',
    created: 1,
    data: { object: { id: 'cus_1' } },
  });
  const secret = stripeCredentials.webhookSecret;
  const signature = new Stripe('sk_test_none').webhooks.generateTestHeaderString({ payload: raw, secret });
  return world.send(null, '/webhooks/stripe', { method: 'POST', raw, headers: { 'stripe-signature': signature } });
}

describe('more than can be answered', () => {
  beforeEach(async () => {
    const atOnce = { ...DOOR_DEFAULTS.atOnce, reads: 2 };
    world = await createApiWorld({ door: { atOnce, queue: 3, queueMs: 400 } });
  });

  test('reads that no longer fit are 503 with Retry-After, those let in are answered, and webhooks go on', async () => {
    const { client } = world.parties;
    const id = await booked(world);
    await world.tokenOf(client.subject);
    const letGo = await holdAppointments();
    const startedAt = performance.now();
    const reads = many(20, () => world.send(client, `/v1/appointments/${id}`));
    await pause(100);
    const meanwhile = [await sendEvent('evt_during'), await world.send(null, '/healthz')];
    await pause(600);
    await letGo();
    const answers = await reads;
    expect(meanwhile).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(codes(answers).filter((code) => code === 200)).toHaveLength(2);
    expect(codes(answers).filter((code) => code === 'overloaded')).toHaveLength(18);
    for (const refused of answers.filter(({ status }) => status === 503)) {
      expectRetryAfter(refused);
      expect(refused.body['remedy']).toContain('same Idempotency-Key');
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await world.send(client, `/v1/appointments/${id}`)).status).toBe(200);
  });
});

describe('a flood of messages to one appointment', () => {
  beforeEach(async () => {
    world = await createApiWorld();
  });

  test('is 429 from one on; others and other appointments notice nothing', async () => {
    const { client, therapist } = world.parties;
    const id = await open(world);
    const answers = await many(200, (n) => world.post(client, `/v1/appointments/${id}/join`, undefined, `k${n}`));
    const accepted = answers.filter(({ status }) => status === 200);
    expect(
      codes(answers)
        .filter((code) => code !== 200)
        .every((code) => code === 'rate_limited'),
    ).toBe(true);
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.length).toBeLessThan(80);
    for (const refused of answers.filter(({ status }) => status === 429)) expectRetryAfter(refused);
    const stored = await world.db
      .selectFrom('message')
      .where('appointmentId', '=', id)
      .where('kind', '=', 'join')
      .select('id')
      .execute();
    expect(stored).toHaveLength(accepted.length);
    expect((await world.send(client, `/v1/appointments/${id}`)).status).toBe(200);
    const other = await booked(world, { inMs: 2 * 24 * 3_600_000 });
    expect((await world.post(client, `/v1/appointments/${other}/payments`, { method: 'wallet' }, 'pay')).status).toBe(
      201,
    );
    expect((await world.post(therapist, `/v1/appointments/${other}/join`)).body['code']).toBe('unknown_appointment');
  });

  test('of messages that nobody works off is 429 for everybody, in every process, until some are decided', async () => {
    const { client, therapist } = world.parties;
    const id = await open(world);
    const actor = { role: 'client', id: client.id } as const;
    await many(50, () => storeMessage(world.db, { appointmentId: id, kind: 'leave', actor, signal: false }));
    for (const person of [client, therapist]) {
      const refused = await world.post(person, `/v1/appointments/${id}/join`);
      expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
      expectRetryAfter(refused);
    }
    expect((await world.send(client, `/v1/appointments/${id}/join`)).status).toBe(200);
    await sql`update message set handled_at = clock_timestamp() where appointment_id = ${id}`.execute(world.db);
    expect((await world.post(client, `/v1/appointments/${id}/join`)).status).toBe(200);
  });
});

test('a statement that PostgreSQL gives up, and a pool without a free connection, are 503 and no hang', async () => {
  world = await createApiWorld({ databaseConnections: 2 });
  const { client } = world.parties;
  const id = await booked(world);
  await world.tokenOf(client.subject);
  const letGo = await holdAppointments();
  const startedAt = performance.now();
  const answers = await many(4, () => world.send(client, `/v1/appointments/${id}`));
  expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
    answers.map(() => [503, 'database_unavailable']),
  );
  answers.forEach(expectRetryAfter);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  await letGo();
  expect((await world.send(client, `/v1/appointments/${id}`)).status).toBe(200);
}, 40_000);
