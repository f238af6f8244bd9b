import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { makeParties } from '../tests/support/appointments.js';
import { activated, over, paid } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** With Temporal out of reach what it must decide is 503 and may be repeated; the rest goes on (joining, payments, webhooks have their own tests). */

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
});

const expectAway = ({ status, body, headers }: Awaited<ReturnType<ApiWorld['post']>>) => {
  expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'temporal_unavailable' });
  expect(headers.get('retry-after')).toMatch(/^\d+$/);
};

test('requests that a workflow may refuse, and its own view, are 503 with Retry-After', async () => {
  const id = await activated(own);
  const { admin, client, therapist } = own.parties;
  expectAway(await world.post(admin, `/v1/appointments/${id}/deactivate`, { reason: 'A mistake.' }));
  expectAway(await world.post(admin, `/v1/appointments/${id}/force-confirm`, { reason: 'A mistake.' }));
  expectAway(await world.post(therapist, `/v1/appointments/${id}/end`));
  expectAway(await world.post(admin, `/v1/admin/appointments/${id}/repair`));
  expectAway(await world.send(client, `/v1/appointments/${id}/live`));
});

describe('activation', () => {
  const activate = (id: string, key?: string, body: object = { reason: 'Checked.' }) =>
    world.post(own.parties.admin, `/v1/appointments/${id}/activate`, body, key);
  const stored = (id: string) =>
    world.db.selectFrom('message').where('appointmentId', '=', id).where('kind', '=', 'activate').selectAll().execute();

  test('is stored and answered 202 after two seconds; a repeat looks again and stores nothing new', async () => {
    const id = await paid(own);
    const startedAt = performance.now();
    const first = await activate(id, 'k');
    expect(performance.now() - startedAt).toBeGreaterThan(1_900);
    expect(first).toMatchObject({ status: 202, body: { status: 'pending', href: `/v1/appointments/${id}/live` } });
    const [message, ...more] = await stored(id);
    expect(more).toEqual([]);
    expect(message).toMatchObject({
      id: first.body['decisionId'],
      actorRole: 'admin',
      actorId: own.parties.admin.id,
      payload: { reason: `note:${message!.id}` },
      handledAt: null,
    });
    await commitAppointment(world.db, id);
    expect(await activate(id, 'k')).toMatchObject({ status: 200, body: { id, isActivatedByAdmin: true } });
    expect(await stored(id)).toHaveLength(1);
  });

  test('needs no body', async () => {
    const id = await paid(own);
    const answer = await world.send(own.parties.admin, `/v1/appointments/${id}/activate`, { method: 'POST' });
    expect(answer.status).toBe(202);
  });

  test('of what is over is refused at once, and nothing is stored', async () => {
    const id = await over(own);
    const before = await stored(id);
    expect(await activate(id)).toMatchObject({ status: 409, body: { code: 'already_over' } });
    expect(await stored(id)).toEqual(before);
  });
});

test('a repair of what is over repairs nothing', async () => {
  const id = await over(own);
  expect(await world.post(own.parties.admin, `/v1/admin/appointments/${id}/repair`)).toMatchObject({
    status: 200,
    body: { repaired: false },
  });
});

test('this process is alive and not ready', async () => {
  expect(await world.send(null, '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  const startedAt = performance.now();
  expect(await world.send(null, '/readyz')).toMatchObject({
    status: 503,
    body: { code: 'not_ready', postgres: 'ok', temporal: 'away' },
  });
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
