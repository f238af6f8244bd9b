import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { booked, over, paid } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';
import { makeParties } from '../tests/support/appointments.js';

/** Activating many at once. Temporal is away: the commits that a worker would make are made by the tests. */

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const path = '/v1/admin/activations';
const ask = (appointmentIds: readonly string[], key: string = randomUUID()) =>
  world.post(world.parties.admin, path, { appointmentIds }, key);
const outcomes = ({ body }: Awaited<ReturnType<typeof ask>>) =>
  (body['items'] as Record<string, unknown>[]).map(({ outcome, code }) => code ?? outcome);
const others = async () => ({ db: world.db, parties: await makeParties(world.db) });

/** Decides what is stored for these, as a worker would, until stopped. */
function work(ids: readonly string[]): { stop(): Promise<void> } {
  let isOn = true;
  const loop = (async () => {
    while (isOn) {
      for (const id of ids) await commitAppointment(world.db, id);
      await sleep(20);
    }
  })();
  return {
    stop() {
      isOn = false;
      return loop;
    },
  };
}

test('each gets its own answer, in the order asked, as its own route would give it', async () => {
  const ids = [
    await paid(await others()),
    await booked(await others()),
    randomUUID(),
    await over(await others()),
    'no id',
    await paid(await others()),
  ];
  const [first, unpaid, , , , last] = ids;
  const worker = work([first!, unpaid!, last!]);
  const answer = await ask(ids);
  await worker.stop();
  expect(answer.status).toBe(200);
  const expected = [
    'activated',
    'payment_required',
    'unknown_appointment',
    'already_over',
    'unknown_appointment',
    'activated',
  ];
  expect(outcomes(answer)).toEqual(expected);
  const items = answer.body['items'] as Record<string, unknown>[];
  expect(items.map(({ appointmentId }) => appointmentId)).toEqual(ids);
  for (const { outcome, message, remedy } of items)
    expect([typeof message, typeof remedy]).toEqual(
      outcome === 'refused' ? ['string', 'string'] : ['object', 'object'],
    );
  for (const id of [first, last]) {
    const { body } = await world.send(world.parties.admin, `/v1/appointments/${id}`);
    expect(body).toMatchObject({ isActivatedByAdmin: true });
    const { body: timeline } = await world.send(world.parties.admin, `/v1/appointments/${id}/timeline`);
    const entry = (timeline['entries'] as { kind: string; actor: unknown }[]).filter(({ kind }) => kind === 'activate');
    expect(entry).toMatchObject([{ actor: { role: 'admin', id: world.parties.admin.id } }]);
  }
});

test('fifty times the same request at once: one message for each, one decision', async () => {
  const ids = [await paid(await others()), await paid(await others())];
  const key = randomUUID();
  const worker = work(ids);
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(ids, key)));
  const again = await ask(ids, key);
  await worker.stop();
  for (const { status } of answers) expect([200, 409]).toContain(status);
  expect(outcomes(again)).toEqual(['activated', 'activated']);
  const messages = await world.db
    .selectFrom('message')
    .where('appointmentId', 'in', ids)
    .where('kind', '=', 'activate')
    .select('appointmentId')
    .execute();
  expect(messages.map(({ appointmentId }) => appointmentId).toSorted()).toEqual(ids.toSorted());
});

test('with nobody to decide it is pending within seconds, and a repeat by the same key finds what was decided since', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 12; n += 1) ids.push(await paid(await others()));
  const key = randomUUID();
  const askedAt = Date.now();
  expect(new Set(outcomes(await ask(ids, key)))).toEqual(new Set(['pending']));
  expect(Date.now() - askedAt).toBeLessThan(5_000);
  for (const id of ids) await commitAppointment(world.db, id);
  const repeated = await ask(ids, key);
  expect(new Set(outcomes(repeated))).toEqual(new Set(['activated']));
  expect((await ask([...ids, randomUUID()], key)).body['code']).toBe('idempotency_key_reused');
});

test.each([[[]], [Array.from({ length: 51 }, () => randomUUID())], ['x'], [[1]]])(
  'refuses %j',
  async (appointmentIds) => {
    const answer = await world.post(world.parties.admin, path, { appointmentIds });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  },
);

test('an id that is named twice is answered once', async () => {
  const id = await booked(await others());
  const worker = work([id]);
  expect(outcomes(await ask([id, id]))).toEqual(['payment_required']);
  await worker.stop();
});
