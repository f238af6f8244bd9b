import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { claimRequest, releaseRequest, renewResource, storeAnswer } from '../db/idempotency.js';
import { makeParties } from '../tests/support/appointments.js';
import { booked, over } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
let id: string;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
  id = await booked(own);
});

const pay = (key: string, method = 'wallet', appointment = id) =>
  world.post(own.parties.client, `/v1/appointments/${appointment}/payments`, { method }, key);
const payments = () => world.db.selectFrom('payment').where('appointmentId', '=', id).selectAll().execute();
const messages = () => world.db.selectFrom('message').where('appointmentId', '=', id).selectAll().execute();

test('fifty at once have one effect, and all who are answered get the same answer', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => pay('the-same')));
  const answered = answers.filter(({ status }) => status === 201);
  const waiting = answers.filter(({ status }) => status === 409);
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.length + waiting.length).toBe(50);
  for (const { body, headers } of waiting) {
    expect(body['code']).toBe('request_in_progress');
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
  }
  expect(new Set(answered.map(({ body }) => JSON.stringify(body)))).toHaveLength(1);
  expect(await payments()).toHaveLength(1);
  expect(await messages()).toHaveLength(1);
  const wallet = await world.db
    .selectFrom('account')
    .where('ownerId', '=', own.parties.client.id)
    .select(['balanceMinor', 'heldMinor'])
    .executeTakeFirst();
  expect(wallet).toEqual({ balanceMinor: 100_000, heldMinor: 6_000 });
  const again = await pay('the-same');
  expect(again.body).toEqual(answered[0]!.body);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
});

test('a refusal is the first answer too, whatever has changed since; another key asks anew', async () => {
  const credits = await world.db
    .selectFrom('walletLot')
    .where('account', 'like', `%${own.parties.client.id}%`)
    .selectAll()
    .execute();
  const remain = (share: 0 | 1) =>
    Promise.all(
      credits.map(({ id, remainingMinor }) =>
        world.db
          .updateTable('walletLot')
          .set({ remainingMinor: remainingMinor * share })
          .where('id', '=', id)
          .execute(),
      ),
    );
  await remain(0);
  const refused = await pay('poor');
  expect(refused).toMatchObject({ status: 409, body: { code: 'insufficient_funds' } });
  await remain(1);
  expect((await pay('poor')).body).toEqual(refused.body);
  expect((await pay('rich')).status).toBe(201);
});

test('the same key with another body is refused and changes nothing', async () => {
  await pay('one');
  expect(await pay('one', 'stripe')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  expect(await payments()).toHaveLength(1);
});

test('what is invalid uses up no key', async () => {
  expect(await pay('later', 'cheque')).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  expect((await pay('later')).status).toBe(201);
});

test('a key counts for its caller and its route', async () => {
  const others = { db: world.db, parties: await makeParties(world.db) };
  const other = await booked(others);
  expect((await pay('shared')).status).toBe(201);
  expect(
    (await world.post(others.parties.client, `/v1/appointments/${other}/payments`, { method: 'wallet' }, 'shared'))
      .status,
  ).toBe(201);
});

test('where a key is optional it works alike: one review, and its first answer again', async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
  const done = await over(own);
  const review = (body: object, key?: string) =>
    world.post(own.parties.client, `/v1/appointments/${done}/review`, body, key);
  const first = await review({ rating: 5, text: 'Good.' }, 'mine');
  expect(first).toMatchObject({ status: 201, body: { rating: 5, text: 'Good.' } });
  expect((await review({ rating: 5, text: 'Good.' }, 'mine')).body).toEqual(first.body);
  expect(await review({ rating: 1 })).toMatchObject({ status: 409, body: { code: 'review_exists' } });
});

test('neither client secret nor token is stored, and a repeat gets the same checkout', async () => {
  const first = await pay('card', 'stripe');
  expect(first.body['stripe']).toMatchObject({ clientSecret: expect.stringContaining('_secret_') as string });
  expect((await pay('card', 'stripe')).body).toEqual(first.body);
  const rows = await world.db.selectFrom('idempotencyKey').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain('_secret_');
  expect(await payments()).toHaveLength(1);
});

test('with Temporal away a booking is 503, releases its key and keeps its resource', async () => {
  const body = {
    therapistId: own.parties.therapist.id,
    startsAt: '2027-03-01T10:00:00Z',
    durationMinutes: 60,
    sessionMode: 'video',
  };
  const key = { caller: own.parties.client.id, route: 'POST /v1/appointments', key: 'book' };
  const row = () =>
    world.db.selectFrom('idempotencyKey').where('caller', '=', key.caller).selectAll().executeTakeFirstOrThrow();
  const first = await world.post(own.parties.client, '/v1/appointments', body, 'book');
  expect(first).toMatchObject({
    status: 503,
    body: { code: 'temporal_unavailable', remedy: expect.stringContaining('same Idempotency-Key') as string },
  });
  expect(first.headers.get('retry-after')).toMatch(/^\d+$/);
  const released = await row();
  expect(released).toMatchObject({ lockedUntil: null, responseStatus: null });
  expect((await world.post(own.parties.client, '/v1/appointments', body, 'book')).status).toBe(503);
  expect((await row()).resourceId).toBe(released.resourceId);
});

test('the row itself: a lock runs out after twenty seconds, a key after a day, and a resource stays over retries', async () => {
  const key = { caller: randomUUID(), route: 'POST /x', key: 'k' };
  const { db } = world;
  const age = (column: string, by: string) =>
    sql`update idempotency_key set ${sql.ref(column)} = ${sql.ref(column)} - ${by}::interval where caller = ${key.caller}`.execute(
      db,
    );
  const first = await claimRequest(db, key, 'hash');
  expect(first.state).toBe('mine');
  expect(await claimRequest(db, key, 'hash')).toEqual({ state: 'in_progress' });
  await age('locked_until', '21 seconds');
  expect(await claimRequest(db, key, 'hash')).toEqual(first);
  await releaseRequest(db, key);
  expect(await claimRequest(db, key, 'other')).toEqual({ state: 'reused' });
  expect(await claimRequest(db, key, 'hash')).toEqual(first);
  const renewed = await renewResource(db, key);
  await storeAnswer(db, key, { status: 201, body: { a: 1 } });
  await storeAnswer(db, key, { status: 500, body: { a: 2 } });
  expect(await claimRequest(db, key, 'hash')).toEqual({
    state: 'answered',
    status: 201,
    body: { a: 1 },
    resourceId: renewed,
  });
  await age('created_at', '25 hours');
  const anew = await claimRequest(db, key, 'other');
  expect(anew).toMatchObject({ state: 'mine' });
  expect(anew).not.toMatchObject({ resourceId: renewed });
  expect(await claimRequest(db, key, 'other')).toEqual({ state: 'in_progress' });
});
