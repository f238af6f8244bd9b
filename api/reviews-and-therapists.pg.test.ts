import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeParties } from '../tests/support/appointments.js';
import { over, paid } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
});

describe('reviews', () => {
  const review = (id: string, body: object) => world.post(own.parties.client, `/v1/appointments/${id}/review`, body);

  test('are for completed sessions, as committed, once', async () => {
    expect(await review(await paid(own), { rating: 5 })).toMatchObject({
      status: 409,
      body: { code: 'not_completed' },
    });
    own = { db: world.db, parties: await makeParties(world.db) };
    const undecided = await over(own, {}, { commit: false });
    expect(await review(undecided, { rating: 5 })).toMatchObject({ status: 409, body: { code: 'not_completed' } });
    own = { db: world.db, parties: await makeParties(world.db) };
    const id = await over(own);
    const seen = async () => (await world.send(own.parties.client, `/v1/appointments/${id}`)).body['allowedActions'];
    expect(await seen()).toEqual(['review']);
    const answers = await Promise.all([4, 5].map((rating) => review(id, { rating })));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409']);
    expect(answers.find(({ status }) => status === 409)!.body['code']).toBe('review_exists');
    expect(await seen()).toEqual([]);
    for (const body of [
      { rating: 0 },
      { rating: 6 },
      { rating: 4.5 },
      { rating: '5' },
      { rating: 5, text: 'a\u0000' },
    ]) {
      expect(await review(id, body)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    }
  });
});

describe('therapists', () => {
  test('are listed by name, page by page, with what they offer', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await world.send(own.parties.client, `/v1/therapists?limit=2${cursor}`);
      const page = body as { items: { id: string }[]; nextCursor: string | null };
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    const all = await world.db.selectFrom('therapist').select('id').execute();
    expect(seen.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    const one = await world.send(own.parties.client, `/v1/therapists/${own.parties.therapist.id}`);
    expect(one.body).toMatchObject({
      id: own.parties.therapist.id,
      currency: 'INR',
      durationsMinutes: [10, 20, 30, 60],
      rates: { video: { amountMinor: 6_000, currency: 'INR', perMinutes: 60 } },
    });
  });

  test('show the starts that a booking would get', async () => {
    const id = await paid(own);
    const { startsAt } = await world.db
      .selectFrom('appointment')
      .where('id', '=', id)
      .select('startsAt')
      .executeTakeFirstOrThrow();
    const at = (minutes: number) => new Date(startsAt.getTime() + minutes * 60_000).toISOString();
    const slots = async (query: string) =>
      (await world.send(own.parties.client, `/v1/therapists/${own.parties.therapist.id}/slots?${query}`)).body as {
        items: { startsAt: string; endsAt: string }[];
        nextCursor: string | null;
      };
    const query = `from=${at(-240)}&to=${at(240)}&durationMinutes=60`;
    const { items } = await slots(query);
    const starts = items.map((item) => Date.parse(item.startsAt));
    const blocked = starts.filter(
      (start) => start + 70 * 60_000 > startsAt.getTime() && start < startsAt.getTime() + 70 * 60_000,
    );
    expect(blocked).toEqual([]);
    expect(starts.length).toBeGreaterThan(15);
    expect(Date.parse(items[0]!.endsAt) - starts[0]!).toBe(60 * 60_000);
    const first = await slots(`${query}&limit=3`);
    const rest = await slots(`${query}&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items]).toEqual(items);
    expect(await slots(`from=${at(0)}&to=${at(-1)}&durationMinutes=60`)).toMatchObject({ code: 'invalid_request' });
    expect(await slots(`from=${at(0)}&to=${at(60 * 24 * 40)}&durationMinutes=60`)).toMatchObject({
      code: 'invalid_request',
    });
    expect(await slots(`from=${at(0)}&to=${at(60)}&durationMinutes=45`)).toMatchObject({
      code: 'duration_not_offered',
    });
  });
});
