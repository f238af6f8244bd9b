import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { makeParties } from '../tests/support/appointments.js';
import { Limiter, LimitReached } from './limiter.js';
import { LIMIT_DEFAULTS, type LimitName, type Limits } from './limits.js';
import { booked, open } from './test-lives.js';
import { type Answer, type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
afterEach(() => world.close());

const limitsWith = (changes: Partial<Limits>): Limits => ({ ...LIMIT_DEFAULTS, ...changes });
const few = (most: number, seconds = 60) => ({ most, seconds });

function expectRefused({ status, headers, body }: Answer, limit: LimitName, code = 'too_many_requests'): void {
  expect(status).toBe(429);
  expect(body).toMatchObject({ code, limit, remedy: expect.stringContaining('Retry-After') as string });
  const wait = Number(headers.get('retry-after'));
  expect(wait).toBe(body['retryAfterSeconds']);
  expect(Number.isInteger(wait) && wait >= 1).toBe(true);
  expect(headers.get('ratelimit')).toContain(`"${limit}";r=0;t=${wait}`);
}

test('headers say the policy and what is left; who has used it up is 429, others and other limits go on', async () => {
  world = await createApiWorld({ settings: { limits: limitsWith({ reads: few(3), changes: few(2) }) } });
  const { client, therapist, admin } = world.parties;
  const first = await world.send(client, '/v1/me');
  expect(first.status).toBe(200);
  expect(first.headers.get('ratelimit-policy')).toBe('"reads";q=3;w=60');
  expect(first.headers.get('ratelimit')).toMatch(/^"reads";r=2;t=(60|59)$/);
  await world.send(client, '/v1/appointments');
  expect((await world.send(client, '/v1/me')).status).toBe(200);
  expectRefused(await world.send(client, '/v1/me'), 'reads');
  expect((await world.send(therapist, '/v1/me')).status).toBe(200);
  for (let n = 0; n < 10; n += 1) expect((await world.send(admin, '/v1/appointments')).status).toBe(200);
  expect((await world.send(client, '/v1/me', { method: 'PATCH', body: { locale: 'en' } })).status).toBe(200);
  expect((await world.send(null, '/healthz')).headers.get('ratelimit')).toBeNull();
});

test('a limit is over when its time is', async () => {
  world = await createApiWorld({ settings: { limits: limitsWith({ reads: few(1, 1) }) } });
  const { client } = world.parties;
  expect((await world.send(client, '/v1/me')).status).toBe(200);
  const refused = await world.send(client, '/v1/me');
  expectRefused(refused, 'reads');
  await pause(Number(refused.headers.get('retry-after')) * 1_000);
  expect((await world.send(client, '/v1/me')).status).toBe(200);
});

test('bookings and payments count in all processes together, and a refused one uses up no key', async () => {
  const limits = limitsWith({ payments: few(2), bookings: few(1) });
  world = await createApiWorld({ settings: { limits } });
  const { client } = world.parties;
  const other = new Limiter(world.db, limits);
  await other.take('payments', client.id);
  const id = await booked(world);
  const pay = (key: string) => world.post(client, `/v1/appointments/${id}/payments`, { method: 'wallet' }, key);
  const top = await world.post(client, '/v1/wallets/INR/top-ups', { method: 'stripe', amountMinor: 1 }, randomUUID());
  expect(top.headers.get('ratelimit')).toContain('"payments";r=0');
  expectRefused(await pay('mine'), 'payments');
  await expect(other.take('payments', client.id)).rejects.toThrow(LimitReached);
  // Somebody else's are theirs; and when it is over, the key of the refused one is as new.
  await sql`delete from rate_limit`.execute(world.db);
  expect((await new Limiter(world.db, limits).take('payments', client.id)).remaining).toBe(1);
  const keys = await world.db.selectFrom('idempotencyKey').where('key', '=', 'mine').selectAll().execute();
  expect(keys).toEqual([]);
});

test('one appointment: a few changes a minute cost nothing, more are counted in all processes, others go on', async () => {
  const limits = limitsWith({ persistence: few(3, 3_600) });
  world = await createApiWorld({ settings: { limits } });
  const { client, therapist } = world.parties;
  const id = await open(world);
  const leave = (who: typeof client) => world.post(who, `/v1/appointments/${id}/leave`);
  const counted = () => world.db.selectFrom('rateLimit').where('key', 'like', 'persistence:%').selectAll().execute();
  await world.post(client, `/v1/appointments/${id}/join`);
  for (let n = 0; n < 9; n += 1) await leave(client);
  expect(await counted()).toEqual([]);
  for (let n = 0; n < 3; n += 1) expect((await leave(client)).status).not.toBe(429);
  expect(await counted()).toMatchObject([{ points: 3 }]);
  expectRefused(await leave(client), 'persistence', 'rate_limited');
  const other = new Limiter(world.db, limits);
  await expect(other.take('persistence', `${client.id}/${id}`)).rejects.toThrow(LimitReached);
  expect((await world.post(therapist, `/v1/appointments/${id}/join`)).status).toBe(200);
  expect((await world.send(client, `/v1/appointments/${id}`)).status).toBe(200);
});

test('strangers and refused tokens count by address; who is known is never held up by an address', async () => {
  world = await createApiWorld({
    settings: {
      limits: limitsWith({ strangers: few(2), refused_tokens: few(2), sign_ins: few(2) }),
      trustedProxies: 1,
    },
  });
  const { client } = world.parties;
  const from = (address: string, path: string, headers: Record<string, string> = {}) =>
    world.send(null, path, { headers: { 'x-forwarded-for': address, ...headers } });
  for (const [path, limit] of [
    ['/v1/calendar/nobody.ics', 'strangers'],
    ['/auth/login', 'sign_ins'],
    ['/v1/me', 'refused_tokens'],
  ] as const) {
    const wrong: Record<string, string> = path === '/v1/me' ? { authorization: 'Bearer pst_wrong' } : {};
    for (let n = 0; n < 2; n += 1) expect((await from('198.51.100.1', path, wrong)).status).not.toBe(429);
    expectRefused(await from('198.51.100.1', path, wrong), limit);
    expect((await from('198.51.100.2', path, wrong)).status).not.toBe(429);
  }
  expect((await world.send(client, '/v1/me', { headers: { 'x-forwarded-for': '198.51.100.1' } })).status).toBe(200);
});

test('with PostgreSQL silent a shared limit is a 503, as everything else', async () => {
  world = await createApiWorld();
  const { client } = world.parties;
  await makeParties(world.db);
  await world.tokenOf(client.subject);
  expect((await world.send(client, '/v1/me')).status).toBe(200);
  await sql`alter table rate_limit rename to rate_limit_away`.execute(world.db);
  const limiter = new Limiter(world.db, LIMIT_DEFAULTS);
  await expect(limiter.take('bookings', client.id)).rejects.toMatchObject({ code: '42P01' });
  expect((await limiter.take('reads', client.id)).remaining).toBe(LIMIT_DEFAULTS.reads.most - 1);
});
