import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** What browsers are told: which pages may read answers, and that they may run, frame and keep nothing. */

const OURS = 'https://app.example.com';
let world: ApiWorld;
let bare: ApiWorld;
let appointment: string;
beforeAll(async () => {
  [world, bare] = await Promise.all([
    createApiWorld({ corsOrigins: [OURS, 'https://b.example.com'] }),
    createApiWorld(),
  ]);
  appointment = await booked(world);
});
afterAll(() => Promise.all([world.close(), bare.close()]));

const CORS = ['origin', 'methods', 'headers', 'credentials'].map((what) => `access-control-allow-${what}`);

/** A browser's own question before a request that is no simple one. */
const preflight = (
  at: ApiWorld,
  origin: string,
  path: string,
  method = 'POST',
  headers = 'authorization,idempotency-key',
) =>
  fetch(at.url + path, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
  });

describe('pages of other origins', () => {
  test.each([
    ['POST', '/v1/appointments'],
    ['PATCH', '/v1/me'],
    ['PUT', '/v1/therapists/me/availability'],
    ['DELETE', '/v1/me/calendar-feed'],
    ['GET', '/v1/events'],
  ])('one that is configured may ask %s %s, without a token for the preflight', async (method, path) => {
    const asked = 'authorization,content-type,idempotency-key,if-match,last-event-id';
    const { status, headers } = await preflight(world, OURS, path, method, asked);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(OURS);
    expect(headers.get('access-control-allow-methods')!.split(',')).toContain(method);
    const allowed = headers.get('access-control-allow-headers')!.toLowerCase().split(',');
    expect(allowed).toEqual(expect.arrayContaining(asked.split(',')));
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  });

  test.each(['https://evil.example.com', 'https://app.example.com.evil.com', 'http://app.example.com', 'null'])(
    '%s may not, neither ask nor read',
    async (origin) => {
      const asked = await preflight(world, origin, '/v1/appointments');
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
      const read = await world.send(world.parties.client, '/v1/me', { headers: { origin } });
      expect(read.status).toBe(200);
      expect(read.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('the configured read answers and problems, with the headers they need', async () => {
    const headers = { origin: OURS };
    const { client } = world.parties;
    for (const [answer, status] of [
      [await world.send(client, `/v1/appointments/${appointment}`, { headers }), 200],
      [await world.send(client, '/v1/appointments?limit=0', { headers }), 422],
      [await world.send(client, '/v1/nothing', { headers }), 404],
      [await world.send(null, '/v1/me', { headers }), 401],
      [await world.send(client, '/v1/admin/audit', { headers }), 403],
    ] as const) {
      expect(answer.status).toBe(status);
      expect(answer.headers.get('access-control-allow-origin')).toBe(OURS);
      const exposed = answer.headers.get('access-control-expose-headers')!.split(',');
      expect(exposed).toEqual(
        expect.arrayContaining(['retry-after', 'ratelimit', 'x-request-id', 'idempotent-replayed']),
      );
    }
  });

  test('without configuration nobody may', async () => {
    for (const answer of [
      await preflight(bare, OURS, '/v1/appointments'),
      (await bare.send(bare.parties.client, '/v1/me', { headers: { origin: OURS } })) as { headers: Headers },
    ])
      for (const name of CORS) expect(answer.headers.get(name), name).toBeNull();
  });
});

describe('every answer closes itself to browsers', () => {
  const answers: [string, () => Promise<{ status: number; headers: Headers }>, number][] = [
    ['an answer', () => world.send(world.parties.client, '/v1/me'), 200],
    ['a change', () => world.send(world.parties.client, '/v1/me', { method: 'PATCH', body: {} }), 200],
    ['a problem of the request', () => world.send(world.parties.client, '/v1/appointments?limit=0'), 422],
    ['a problem of the caller', () => world.send(null, '/v1/me'), 401],
    ['nothing there', () => world.send(null, '/nothing'), 404],
    ['a webhook', () => world.send(null, '/webhooks/stripe', { method: 'POST', raw: '{}' }), 400],
    ['health', () => world.send(null, '/healthz'), 200],
    ['counts', () => world.send(null, '/metrics'), 200],
    ['the docs page', () => fetch(`${world.url}/docs`), 200],
    ['a file of the docs page', () => fetch(`${world.url}/docs/swagger-ui.css`), 200],
    ['the document', () => world.send(null, '/openapi.json'), 200],
  ];

  test.each(answers)('%s', async (name, ask, status) => {
    const answer = await ask();
    const { headers } = answer;
    expect(answer.status).toBe(status);
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{10,}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{7,}/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-eval');
    if (name.includes('docs page')) expect(policy).toContain("script-src 'self';");
    else expect(policy).not.toContain('script-src');
    if (!name.includes('doc')) expect(headers.get('cache-control')).toBe('no-store');
  });
});
