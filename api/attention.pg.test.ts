import { afterAll, beforeAll, expect, test } from 'vitest';
import { paidByCard, tell } from '../tests/support/disputes.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const read = (person = world.parties.admin) => world.send(person, '/v1/admin/attention');

test('admins see what is stuck, why, and what to do; nobody else does', async () => {
  expect(await read()).toMatchObject({ status: 200, body: { items: [], more: [] } });
  const { id, news } = await paidByCard(world.db, 'stripe');
  await tell(world.db, news);
  const { body } = await read();
  expect(body['items']).toEqual([
    {
      kind: 'dispute_open',
      id: expect.any(String),
      appointmentId: id,
      since: expect.stringMatching(/Z$/),
      detail: expect.objectContaining({ status: 'open', amountMinor: 6_000, currency: 'INR' }),
      remedy: expect.stringContaining('evidence'),
    },
  ]);
  expect(await read(world.parties.client)).toMatchObject({ status: 403 });
  expect(await read(world.parties.therapist)).toMatchObject({ status: 403 });
});
