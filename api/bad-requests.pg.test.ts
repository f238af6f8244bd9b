import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld, type Sent } from './test-world.js';

let world: ApiWorld;
let appointment: string;
beforeAll(async () => {
  world = await createApiWorld();
  appointment = await booked(world);
});
afterAll(() => world.close());

const json = { 'content-type': 'application/json' };

async function expectProblem(answer: Promise<Awaited<ReturnType<ApiWorld['send']>>>, status: number, code: string) {
  const { status: answered, headers, body } = await answer;
  expect({ status: answered, code: body['code'] }).toEqual({ status, code });
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({ type: `urn:punctual:problem:${code}`, status, title: expect.any(String) as string });
  for (const member of ['detail', 'remedy', 'instance']) expect(String(body[member]), member).not.toBe('');
  return body as { errors?: { field: string; message: string }[] };
}

const book = (sent: Sent) =>
  world.send(world.parties.client, '/v1/appointments', { method: 'POST', key: randomUUID(), ...sent });
const good = () => ({
  therapistId: world.parties.therapist.id,
  startsAt: '2026-12-01T10:00:00Z',
  durationMinutes: 60,
  sessionMode: 'video',
});

describe('bodies', () => {
  test.each(['{', '', 'nope', '{"a":', '\u0000', '[1,', '"\\ud800'])('unreadable: %j', async (raw) => {
    await expectProblem(book({ raw, headers: json }), 400, 'body_unreadable');
  });

  test.each(['null', '[]', '1', '"text"', '{}', '[[[[[[]]]]]]', '{"__proto__":{"therapistId":"x"}}'])(
    'readable and not a booking: %s',
    async (raw) => {
      const { errors } = await expectProblem(book({ raw, headers: json }), 422, 'invalid_request');
      expect(errors![0]!.field).toMatch(/^body/);
    },
  );

  test('deeply nested, and of a mebibyte and more', async () => {
    await expectProblem(book({ raw: '['.repeat(200_000), headers: json }), 400, 'body_unreadable');
    await expectProblem(
      book({ raw: `${'['.repeat(200_000)}${']'.repeat(200_000)}`, headers: json }),
      422,
      'invalid_request',
    );
    await expectProblem(
      book({ raw: JSON.stringify({ ...good(), therapistId: 'x'.repeat(1024 * 1024) }), headers: json }),
      413,
      'body_too_large',
    );
    const stripe = world.send(null, '/webhooks/stripe', { method: 'POST', raw: 'x'.repeat(1024 * 1024 + 1) });
    await expectProblem(stripe, 413, 'body_too_large');
  });

  test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x'])('of type %s', async (type) => {
    await expectProblem(book({ raw: '{}', headers: { 'content-type': type } }), 415, 'media_type_unsupported');
  });

  test.each([
    ['startsAt', 'tomorrow'],
    ['startsAt', '2026-13-40T00:00:00Z'],
    ['startsAt', '9999-12-31T23:59:59Z'],
    ['startsAt', '0000-01-01T00:00:00Z'],
    ['startsAt', '+275760-09-13T00:00:00Z'],
    ['startsAt', 1_764_583_200_000],
    ['durationMinutes', 0],
    ['durationMinutes', -60],
    ['durationMinutes', 60.5],
    ['durationMinutes', 1e308],
    ['durationMinutes', Number.MAX_SAFE_INTEGER],
    ['durationMinutes', '60'],
    ['sessionMode', 'hologram'],
    ['therapistId', ''],
    ['therapistId', null],
    ['therapistId', { $ne: null }],
  ])('%s: %j names its field', async (field, value) => {
    const { errors } = await expectProblem(book({ body: { ...good(), [field]: value } }), 422, 'invalid_request');
    expect(new Set(errors!.map((error) => error.field))).toEqual(new Set([`body.${field}`]));
  });

  test.each(['nobody', 'a\u0000b', "'; drop table appointment; --"])(
    'a therapist of id %j is nobody',
    async (therapistId) => {
      await expectProblem(book({ body: { ...good(), therapistId } }), 422, 'unknown_therapist');
    },
  );

  test.each(['\u0000', 'a\u0000b', '\ud800', ' ', '', 'x'.repeat(501)])(
    'a reason that can’t be stored: %j',
    async (reason) => {
      const { admin } = world.parties;
      const answer = world.post(admin, `/v1/appointments/${appointment}/force-confirm`, { reason });
      const { errors } = await expectProblem(answer, 422, 'invalid_request');
      expect(errors![0]!.field).toBe('body.reason');
    },
  );
});

describe('addresses', () => {
  test.each([
    'x',
    '1',
    '%00',
    '%ff',
    '%E0%A4%A',
    "' or 1=1 --",
    '..%2f..',
    randomUUID(),
    `${randomUUID()}0`,
    'a'.repeat(3_000),
  ])('an appointment of id %j is not there', async (id) => {
    const path = `/v1/appointments/${id}`;
    await expectProblem(world.send(world.parties.admin, path), 404, 'unknown_appointment');
    await expectProblem(
      world.send(world.parties.client, `${path}/join`, { method: 'POST', key: 'k' }),
      404,
      'unknown_appointment',
    );
  });

  test('no such route, method or therapist', async () => {
    const { client } = world.parties;
    await expectProblem(world.send(client, '/v1/nothing'), 404, 'not_found');
    await expectProblem(world.send(null, '/nothing/%00'), 404, 'not_found');
    await expectProblem(world.send(client, '/v1/me', { method: 'DELETE' }), 404, 'not_found');
    await expectProblem(world.send(client, '/v1/therapists/x'), 404, 'therapist_not_found');
    await expectProblem(world.send(client, `/v1/therapists/${randomUUID()}`), 404, 'therapist_not_found');
    await expectProblem(world.send(client, '/v1/wallets/euro/transactions'), 404, 'not_found');
  });
});

describe('queries', () => {
  test.each([
    'limit=0',
    'limit=201',
    'limit=1e9',
    'limit=abc',
    'limit=',
    'limit=1&limit=2',
    'limit=-1',
    'limit=1.5',
    'status=unknown',
    'status=%00',
    'needs=love',
    'from=yesterday',
    'to=9999-01-01T00:00:00Z',
    'cursor=x',
    'cursor=%00',
    'cursor=WzEsMl0',
    'cursor=W10',
    `cursor=${'x'.repeat(600)}`,
    `cursor=${Buffer.from(JSON.stringify([8.64e15, randomUUID()])).toString('base64url')}`,
    `cursor=${Buffer.from(JSON.stringify([1e300, randomUUID()])).toString('base64url')}`,
    'therapistId=',
  ])('of a list: %s', async (query) => {
    const { errors } = await expectProblem(
      world.send(world.parties.client, `/v1/appointments?${query}`),
      422,
      'invalid_request',
    );
    expect(errors![0]!.field).toBe(`query.${query.split('=')[0]}`);
  });

  test.each(['therapistId=x', 'clientId=%00', `therapistId=${'a'.repeat(100)}`])(
    'somebody who is nobody has no appointments: %s',
    async (query) => {
      expect(await world.send(world.parties.admin, `/v1/appointments?${query}`)).toMatchObject({
        status: 200,
        body: { items: [], nextCursor: null },
      });
    },
  );

  test('cursors that were made up do no harm anywhere', async () => {
    const { client, therapist } = world.parties;
    const cursors = [[], ['a\u0000', randomUUID()], [9_007_199_254_740_991], ['x'], [null], [{}]].map((place) =>
      Buffer.from(JSON.stringify(place)).toString('base64url'),
    );
    for (const cursor of cursors) {
      for (const [person, path] of [
        [client, '/v1/therapists'],
        [client, '/v1/wallets/INR/transactions'],
        [therapist, '/v1/earnings'],
        [client, '/v1/notifications'],
      ] as const) {
        const { status } = await world.send(person, `${path}?cursor=${cursor}`);
        expect([200, 422], `${path} ${cursor}`).toContain(status);
      }
    }
  });
});

test('booking and paying need a key, and a key is printable', async () => {
  const { client } = world.parties;
  await expectProblem(world.post(client, '/v1/appointments', good()), 422, 'idempotency_key_required');
  await expectProblem(
    world.post(client, `/v1/appointments/${appointment}/payments`, { method: 'wallet' }),
    422,
    'idempotency_key_required',
  );
  for (const key of ['', 'a b', 'é', 'x'.repeat(201)]) {
    await expectProblem(world.post(client, '/v1/appointments', good(), key), 422, 'invalid_request');
  }
});

test('what is left out is called missing', async () => {
  const { therapistId: _, ...rest } = good();
  const { errors } = await expectProblem(book({ body: rest }), 422, 'invalid_request');
  expect(errors).toEqual([{ field: 'body.therapistId', message: 'is missing' }]);
});
