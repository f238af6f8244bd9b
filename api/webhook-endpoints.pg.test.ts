import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { MOST_ENDPOINTS } from '../db/webhook-endpoints.js';
import { fanOut } from '../db/webhook-fan-out.js';
import { bookAppointment, makeParties } from '../tests/support/appointments.js';
import { type Answer, type ApiWorld, createApiWorld } from './test-world.js';

const PATH = '/v1/admin/webhook-endpoints';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterEach(async () => {
  await sql`delete from webhook_delivery`.execute(world.db);
  await sql`delete from webhook_endpoint`.execute(world.db);
});
afterAll(() => world.close());

const post = (path: string, body?: unknown, key?: string) => world.post(world.parties.admin, path, body, key);
const get = (path: string) => world.send(world.parties.admin, path);
const made = (changes: object = {}, key?: string) =>
  post(PATH, { url: 'https://hooks.example.com/a', ...changes }, key);
const secretOf = ({ body }: Answer) => String(body['secret']);

test('an endpoint shows its secret once, keeps nothing of it among the answers, and is listed without it', async () => {
  const key = randomUUID();
  const first = await made({ types: ['appointment.confirmed'], description: 'Calendar' }, key);
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({ status: 'enabled', types: ['appointment.confirmed'], description: 'Calendar' });
  expect(secretOf(first)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const again = await made({ types: ['appointment.confirmed'], description: 'Calendar' }, key);
  expect(again.body).toEqual(first.body);
  const { rows } = await sql<{
    kept: string;
  }>`select coalesce(string_agg(k::text, ''), '') as kept from idempotency_key k`.execute(world.db);
  expect(rows[0]!.kept).not.toContain(secretOf(first));
  const listed = await get(PATH);
  expect(listed.body['items']).toEqual([expect.not.objectContaining({ secret: expect.anything() })]);
  const one = await get(`${PATH}/${String(first.body['id'])}`);
  expect(one.body).not.toHaveProperty('secret');
});

test.each([
  ['an unknown type', { types: ['appointment.dreamt'] }, 'body.types.0'],
  ['a metadata service', { url: 'https://169.254.169.254/' }, 'body.url'],
  ['an inner address', { url: 'https://10.0.0.1/' }, 'body.url'],
  ['another scheme', { url: 'gopher://example.com/' }, 'body.url'],
])('%s is refused by its field', async (_, changes, field) => {
  const { status, body } = await made(changes);
  expect([status, body['code']]).toEqual([422, 'invalid_request']);
  expect(body['errors']).toEqual([expect.objectContaining({ field })]);
});

test('a rotation shows a new secret and until when the old one signs; a repeat shows the same', async () => {
  const first = await made();
  const path = `${PATH}/${String(first.body['id'])}/rotate-secret`;
  const rotated = await post(path, undefined, 'rotate');
  expect(rotated.status).toBe(200);
  expect(secretOf(rotated)).not.toBe(secretOf(first));
  const left = Date.parse(String(rotated.body['oldSecretUntil'])) - Date.now();
  expect(left).toBeGreaterThan(23.9 * 3_600_000);
  expect(left).toBeLessThan(24.1 * 3_600_000);
  expect(secretOf(await post(path, undefined, 'rotate'))).toBe(secretOf(rotated));
});

test('the log comes in pages, by status; a delivery can be sent again, but not to what was given up', async () => {
  const first = await made({ types: ['appointment.booked'] });
  const id = String(first.body['id']);
  for (let n = 0; n < 3; n += 1) await bookAppointment(world.db, await makeParties(world.db));
  await fanOut(world.db);
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { body } = await get(`${PATH}/${id}/deliveries?limit=2&status=pending${cursor}`);
    const items = body['items'] as { id: string; type: string }[];
    seen.push(...items.map((item) => item.id));
    expect(items.every(({ type }) => type === 'appointment.booked')).toBe(true);
    const { nextCursor } = body as { nextCursor: string | null };
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(new Set(seen).size).toBe(3);
  expect((await get(`${PATH}/${id}/deliveries?status=failed`)).body['items']).toEqual([]);

  await sql`update webhook_delivery set status = 'delivered', attempts = 3, next_attempt_at = null`.execute(world.db);
  const resend = `/v1/admin/webhook-deliveries/${seen[0]}/resend`;
  const resent = await post(resend);
  expect(resent).toMatchObject({ status: 202, body: { status: 'pending', attempts: 0 } });
  await sql`update webhook_endpoint set status = 'disabled', disabled_at = now(), disabled_reason = 'failing'`.execute(
    world.db,
  );
  expect(await post(resend)).toMatchObject({ status: 409, body: { code: 'endpoint_disabled' } });
  expect(await post(`${PATH}/${id}/enable`)).toMatchObject({
    status: 200,
    body: { status: 'enabled', disabledReason: null },
  });
});

test('a deleted endpoint is not there any more; there are only so many', async () => {
  const first = await made();
  const one = `${PATH}/${String(first.body['id'])}`;
  expect((await world.send(world.parties.admin, one, { method: 'DELETE' })).status).toBe(204);
  for (const path of [one, `${one}/deliveries`]) expect((await get(path)).status).toBe(404);
  for (const path of [`${one}/rotate-secret`, `${one}/enable`]) expect((await post(path)).status).toBe(404);
  const answers = await Promise.all(Array.from({ length: MOST_ENDPOINTS + 3 }, () => made()));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(MOST_ENDPOINTS);
  expect(answers.filter(({ body }) => body['code'] === 'too_many_endpoints')).toHaveLength(3);
});
