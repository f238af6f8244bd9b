import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { makePerson, type TestPerson } from '../tests/support/people.js';
import { makeParties, MINUTE_MS, passUntilStart } from '../tests/support/appointments.js';
import { hashOfSecret } from './secrets.js';
import { booked, paid } from './test-lives.js';
import { type Answer, type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const path = '/v1/admin/service-tokens';
const input = { name: 'Practice calendar', scopes: ['appointments:read'] };
const make = (body: object = input, key = randomUUID()) => world.post(world.parties.admin, path, body, key);
const by = (token: unknown, address: string, sent: Parameters<ApiWorld['send']>[2] = {}): Promise<Answer> =>
  world.send(null, address, { ...sent, headers: { authorization: `Bearer ${String(token)}` } });

test('a token is shown once, lets its system in by its scopes, and is kept by its hash alone', async () => {
  const { status, body } = await make();
  expect(status).toBe(201);
  expect(body).toMatchObject({ ...input, createdBy: world.parties.admin.id, revokedAt: null, lastUsedAt: null });
  const token = String(body['token']);
  expect(token).toMatch(/^pst_[\w-]{43}$/);
  expect(await by(token, '/v1/me')).toMatchObject({
    status: 200,
    body: { id: body['id'], roles: ['admin'], name: 'Practice calendar' },
  });
  const id = await booked(world);
  expect((await by(token, `/v1/appointments/${id}`)).body).toMatchObject({ id });
  expect(await by(token, `/v1/appointments/${id}/activate`, { method: 'POST', body: {} })).toMatchObject({
    status: 403,
    body: { code: 'scope_missing', scope: 'appointments:write' },
  });
  const listed = (await world.send(world.parties.admin, path)).body['items'] as Record<string, unknown>[];
  expect(listed[0]).toMatchObject({ id: body['id'], lastUsedAt: expect.any(String) as string });
  expect(listed[0]).not.toHaveProperty('token');
  for (const table of ['service_token', 'idempotency_key', 'person']) {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(world.db);
    expect(JSON.stringify(rows), table).not.toContain(token.slice(4));
  }
  const row = await world.db.selectFrom('serviceToken').where('id', '=', String(body['id'])).selectAll().execute();
  expect(row[0]?.secretHash).toBe(hashOfSecret(token));
});

test('a repeat gets the same token with a secret of its own; the former one is dead within two seconds', async () => {
  const key = randomUUID();
  const first = (await make(input, key)).body;
  const again = await make(input, key);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.body).toMatchObject({ id: first['id'], name: input.name });
  expect(again.body['token']).not.toBe(first['token']);
  expect((await by(again.body['token'], '/v1/me')).status).toBe(200);
  await expect.poll(async () => (await by(first['token'], '/v1/me')).status, { timeout: 4_000 }).toBe(401);
  await world.send(world.parties.admin, `${path}/${String(first['id'])}`, { method: 'DELETE' });
  expect((await make(input, key)).body).not.toHaveProperty('token');
});

test('revoking it counts at once, and is harmless twice', async () => {
  const { body } = await make();
  expect((await by(body['token'], '/v1/me')).status).toBe(200);
  const revoke = () => world.send(world.parties.admin, `${path}/${String(body['id'])}`, { method: 'DELETE' });
  expect((await revoke()).status).toBe(204);
  expect(await by(body['token'], '/v1/me')).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
  expect((await revoke()).status).toBe(204);
});

test('one that was revoked in another process is refused within two seconds, and so is an expired one', async () => {
  for (const [change, code] of [
    [sql`revoked_at = clock_timestamp()`, 'token_invalid'],
    [sql`expires_at = clock_timestamp()`, 'token_expired'],
  ] as const) {
    const { body } = await make();
    expect((await by(body['token'], '/v1/me')).status).toBe(200);
    await sql`update service_token set ${change} where id = ${body['id']}`.execute(world.db);
    const codeNow = async () => (await by(body['token'], '/v1/me')).body['code'];
    await expect.poll(codeNow, { timeout: 4_000 }).toBe(code);
  }
});

test.each([
  ['loses the role', (id: string) => sql`update person set role = 'client' where id = ${id}`],
  ['is erased', (id: string) => sql`update person set erased_at = clock_timestamp() where id = ${id}`],
  ['is removed', (id: string) => sql`delete from person where id = ${id}`],
])('the tokens of an admin who %s are refused within two seconds, and for good', async (_, end) => {
  const { db } = world;
  const [maker, other] = [await makePerson(db, 'admin'), await makePerson(db, 'admin')];
  const madeBy = async (admin: TestPerson) => (await world.post(admin, path, input)).body;
  const [theirs, others] = [await madeBy(maker), await madeBy(other)];
  expect((await by(theirs['token'], '/v1/me')).status).toBe(200);
  await end(maker.id).execute(db);
  await expect.poll(async () => (await by(theirs['token'], '/v1/me')).status, { timeout: 4_000 }).toBe(401);
  expect((await by(others['token'], '/v1/me')).status).toBe(200);
  await sql`update person set role = 'admin', erased_at = null where id = ${maker.id}`.execute(db);
  expect(await by(theirs['token'], '/v1/me')).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
  const listed = (await world.send(world.parties.admin, `${path}?limit=2`)).body['items'] as Record<string, unknown>[];
  const revokedAt = (id: unknown) => listed.find((one) => one['id'] === id)!['revokedAt'];
  expect([revokedAt(theirs['id']), revokedAt(others['id'])]).toEqual([expect.any(String), null]);
});

test('one’s own changes leave an admin’s tokens alone', async () => {
  const maker = await makePerson(world.db, 'admin');
  const { body } = await world.post(maker, path, input);
  expect((await world.send(maker, '/v1/me', { method: 'PATCH', body: { locale: 'de' } })).status).toBe(200);
  expect((await by(body['token'], '/v1/me')).status).toBe(200);
});

test('what it does has the token for its actor, and notices of it go to people only', async () => {
  const { body } = await make({ name: 'Back office', scopes: ['appointments:write'] });
  const parties = await makeParties(world.db);
  const id = await paid({ db: world.db, parties });
  await by(body['token'], `/v1/appointments/${id}/activate`, { method: 'POST', body: { reason: 'Checked.' } });
  const message = await world.db
    .selectFrom('message')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'activate')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(message).toMatchObject({ actorRole: 'admin', actorId: body['id'] });
  const unattended = await paid({ db: world.db, parties: await makeParties(world.db) });
  await passUntilStart(world.db, unattended, -14 * MINUTE_MS);
  await commitAppointment(world.db, unattended);
  const recipients = await world.db
    .selectFrom('notification')
    .innerJoin('person', 'person.id', 'notification.recipientId')
    .where('recipientRole', '=', 'admin')
    .select('person.kind')
    .distinct()
    .execute();
  expect(recipients).toEqual([{ kind: 'human' }]);
});

test('nobody signs in as a service: a token of the issuer with its subject is unknown', async () => {
  const { body } = await make();
  const stranger = await world.send({ id: '', subject: `service:${String(body['id'])}` }, '/v1/me');
  expect(stranger).toMatchObject({ status: 403, body: { code: 'unknown_person' } });
});

test.each([
  [{ ...input, scopes: [] }, 'body.scopes'],
  [{ ...input, scopes: ['everything'] }, 'body.scopes.0'],
  [{ ...input, name: ' ' }, 'body.name'],
  [{ ...input, expiresAt: '2020-01-01T00:00:00Z' }, 'body.expiresAt'],
  [{ ...input, expiresAt: '2190-01-01T00:00:00Z' }, 'body.expiresAt'],
])('refuses %j', async (body, field) => {
  expect(await make(body)).toMatchObject({ status: 422, body: { errors: [expect.objectContaining({ field })] } });
});

test('the list goes by pages, the newest first', async () => {
  const ids: unknown[] = [];
  for (let n = 0; n < 3; n += 1) ids.unshift((await make()).body['id']);
  const first = (await world.send(world.parties.admin, `${path}?limit=2`)).body as {
    items: { id: string }[];
    nextCursor: string;
  };
  const second = (await world.send(world.parties.admin, `${path}?limit=1&cursor=${first.nextCursor}`))
    .body as typeof first;
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
});
