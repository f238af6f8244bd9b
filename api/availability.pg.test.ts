import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, makeParties, MINUTE_MS } from '../tests/support/appointments.js';
import { makePerson } from '../tests/support/people.js';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld, type Sent } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
  await world.db
    .updateTable('person')
    .set({ timeZone: 'Asia/Kolkata' })
    .where('id', '=', own.parties.therapist.id)
    .execute();
});

const PATH = '/v1/therapists/me/availability';
const NINE_TO_FIVE = [{ from: '09:00', to: '17:00' }];
const WANTED = {
  weeklyHours: {
    monday: NINE_TO_FIVE,
    friday: [{ from: '22:00', to: '24:00' }],
    saturday: [{ from: '00:00', to: '02:00' }],
  },
  exceptions: [
    {
      date: '2027-01-04',
      hours: [
        { from: '14:00', to: '15:00' },
        { from: '10:00', to: '11:00' },
      ],
    },
    { date: '2027-01-01', hours: [] },
  ],
  buffers: { beforeMinutes: 5, afterMinutes: 15 },
  minimumNoticeMinutes: 120,
};

const read = () => world.send(own.parties.therapist, PATH);
const put = (body: object, headers: Sent['headers'] = {}) =>
  world.send(own.parties.therapist, PATH, { method: 'PUT', body, headers });

test('a therapist reads what stands before anything was set, and replaces it', async () => {
  const before = await read();
  expect(before).toMatchObject({
    status: 200,
    body: { weeklyHours: null, exceptions: [], timeZone: 'Asia/Kolkata', version: 1 },
  });
  expect(before.headers.get('etag')).toBe('"1"');
  const written = await put(WANTED);
  expect(written.status).toBe(200);
  expect(written.headers.get('etag')).toBe('"2"');
  expect(written.body).toEqual({
    weeklyHours: { tuesday: [], wednesday: [], thursday: [], sunday: [], ...WANTED.weeklyHours },
    exceptions: [
      { date: '2027-01-01', hours: [] },
      {
        date: '2027-01-04',
        hours: [
          { from: '10:00', to: '11:00' },
          { from: '14:00', to: '15:00' },
        ],
      },
    ],
    buffers: WANTED.buffers,
    minimumNoticeMinutes: 120,
    timeZone: 'Asia/Kolkata',
    version: 2,
  });
  expect((await read()).body).toEqual(written.body);
  expect((await put(written.body)).body).toEqual(written.body);
});

describe('two editors', () => {
  const changed = { ...WANTED, minimumNoticeMinutes: 60 };

  test.each<[string, (seen: number) => [object, Record<string, string>], number]>([
    ['If-Match with what was read', (seen) => [changed, { 'if-match': `"${seen}"` }], 200],
    ['If-Match with it among others', (seen) => [changed, { 'if-match': `"x", "${seen}"` }], 200],
    ['If-Match: *', () => [changed, { 'if-match': '*' }], 200],
    ['neither: the last one wins', () => [changed, {}], 200],
    ['the version that was read in the body', (seen) => [{ ...changed, version: seen }, {}], 200],
    ['an older If-Match', (seen) => [changed, { 'if-match': `"${seen - 1}"` }], 412],
    ['a weak tag', (seen) => [changed, { 'if-match': `W/"${seen}"` }], 412],
    ['an older version in the body', (seen) => [{ ...changed, version: seen - 1 }, {}], 412],
    ['both, of which one is old', (seen) => [{ ...changed, version: seen - 1 }, { 'if-match': `"${seen}"` }], 412],
  ])('%s', async (_, attempt, status) => {
    const { body } = await put(WANTED);
    const answer = await put(...attempt(Number(body['version'])));
    expect(answer.status).toBe(status);
    if (status === 412) expect(answer.body).toMatchObject({ code: 'availability_changed', version: body['version'] });
    expect((await read()).body['minimumNoticeMinutes']).toBe(status === 200 ? 60 : 120);
  });

  test('a repeat of a change whose answer was lost is answered as the first, though its If-Match is old', async () => {
    const first = await put(WANTED, { 'if-match': '"1"' });
    const again = await put(WANTED, { 'if-match': '"1"' });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
  });

  test('hours that were written for another zone are refused', async () => {
    const { body } = await read();
    await world.db
      .updateTable('person')
      .set({ timeZone: 'Europe/Berlin' })
      .where('id', '=', own.parties.therapist.id)
      .execute();
    expect(await put({ ...WANTED, timeZone: body['timeZone'] })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'body.timeZone', message: 'is Europe/Berlin now, and not changed here' }] },
    });
    expect((await put({ ...WANTED, timeZone: 'Europe/Berlin' })).status).toBe(200);
  });
});

const monday = (...ranges: [from: string, to: string][]) => ({
  ...WANTED,
  weeklyHours: { monday: ranges.map(([from, to]) => ({ from, to })) },
});
const PAST_MIDNIGHT =
  'must end after it begins; hours past midnight are two ranges, to 24:00 and from 00:00 of the next day';
const NO_TIME = 'must be a time of the day as HH:MM, 24:00 being its end';

test.each<[string, object, string, string]>([
  ['an end before its start', monday(['17:00', '09:00']), 'body.weeklyHours.monday.0', PAST_MIDNIGHT],
  ['hours past midnight in one range', monday(['22:00', '02:00']), 'body.weeklyHours.monday.0', PAST_MIDNIGHT],
  ['no time between', monday(['09:00', '09:00']), 'body.weeklyHours.monday.0', PAST_MIDNIGHT],
  ['a start at the day’s end', monday(['24:00', '24:00']), 'body.weeklyHours.monday.0', PAST_MIDNIGHT],
  [
    'overlapping hours',
    monday(['14:00', '18:00'], ['09:00', '14:01']),
    'body.weeklyHours.monday.1',
    'overlaps 14:00 to 18:00',
  ],
  [
    'the same twice',
    monday(['09:00', '10:00'], ['09:00', '10:00']),
    'body.weeklyHours.monday.1',
    'overlaps 09:00 to 10:00',
  ],
  ['a time past the day', monday(['09:00', '24:01']), 'body.weeklyHours.monday.0.to', NO_TIME],
  ['a time without its zero', monday(['9:00', '10:00']), 'body.weeklyHours.monday.0.from', NO_TIME],
  [
    'a date twice',
    { ...WANTED, exceptions: [WANTED.exceptions[1], WANTED.exceptions[1]] },
    'body.exceptions.1.date',
    'is there twice',
  ],
])('%s is refused and named', async (_, body, field, message) => {
  expect(await put(body)).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ field, message }] },
  });
  expect((await read()).body['version']).toBe(1);
});

test.each<[string, unknown]>([
  ['a date that is none', { ...WANTED, exceptions: [{ date: '2027-02-30', hours: [] }] }],
  [
    'an exception’s overlap',
    { ...WANTED, exceptions: [{ date: '2027-02-03', hours: [...NINE_TO_FIVE, ...NINE_TO_FIVE] }] },
  ],
  ['a day that is none', { ...WANTED, weeklyHours: { Monday: NINE_TO_FIVE } }],
  ['a member that is none', { ...WANTED, holidays: [] }],
  ['ranges that are none', { ...WANTED, weeklyHours: { monday: [null, 7, {}] } }],
  ['a buffer below zero', { ...WANTED, buffers: { beforeMinutes: -1, afterMinutes: 0 } }],
  ['a buffer of half a minute', { ...WANTED, buffers: { beforeMinutes: 0.5, afterMinutes: 0 } }],
  ['a notice of years', { ...WANTED, minimumNoticeMinutes: 10_000_000 }],
  ['a half of it', { weeklyHours: null }],
  [
    'too many exceptions',
    { ...WANTED, exceptions: Array.from({ length: 501 }, () => ({ date: '2027-02-03', hours: [] })) },
  ],
  ['no object', []],
])('%s is invalid', async (_, body) => {
  expect(await put(body as object)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  expect((await read()).body['version']).toBe(1);
});

test('it is for therapists, and for those who have a row', async () => {
  for (const person of [own.parties.client, own.parties.admin]) {
    expect(await world.send(person, PATH)).toMatchObject({ status: 403 });
    expect(await world.send(person, PATH, { method: 'PUT', body: WANTED })).toMatchObject({ status: 403 });
  }
  const novice = await makePerson(world.db, 'therapist');
  expect(await world.send(novice, PATH)).toMatchObject({ status: 404, body: { code: 'therapist_not_found' } });
  expect(await world.send(novice, PATH, { method: 'PUT', body: WANTED })).toMatchObject({ status: 404 });
});

test('the slots are what it says from the next request on, and what is booked stays', async () => {
  const { client, therapist } = own.parties;
  // A Monday two weeks from now or later; 1970-01-05 was one. Kolkata’s midnight is 18:30 of the day before.
  const MONDAY = Math.ceil((Date.now() + 14 * DAY_MS - 4 * DAY_MS) / (7 * DAY_MS)) * 7 * DAY_MS + 4 * DAY_MS;
  const local = (day: number, clock: string) => {
    const [hour, minute] = clock.split(':').map(Number);
    return new Date(MONDAY + day * DAY_MS + (hour! * 60 + minute!) * MINUTE_MS - 330 * MINUTE_MS).toISOString();
  };
  const dateOf = (day: number) => new Date(MONDAY + day * DAY_MS).toISOString().slice(0, 10);
  const slots = async () => {
    const query = `from=${local(0, '00:00')}&to=${local(7, '00:00')}&durationMinutes=60&limit=500`;
    const { body } = await world.send(client, `/v1/therapists/${therapist.id}/slots?${query}`);
    return (body['items'] as { startsAt: string }[]).map(({ startsAt }) => startsAt);
  };
  const id = await booked(own, { startsAt: Date.parse(local(0, '10:00')) });
  expect(await slots()).toContain(local(2, '03:15'));
  await put({ ...WANTED, exceptions: [{ date: dateOf(5), hours: [] }] });
  const offered = await slots();
  // Monday from nine to five but for 10:00 to 11:00 with its buffers, then Friday night until the day off.
  expect(offered.slice(0, 3)).toEqual(['11:15', '11:30', '11:45'].map((clock) => local(0, clock)));
  expect(offered.slice(-6)).toEqual([
    local(0, '16:00'),
    ...['22:00', '22:15', '22:30', '22:45', '23:00'].map((clock) => local(4, clock)),
  ]);
  await put({ ...WANTED, exceptions: [] });
  expect((await slots()).at(-1)).toBe(local(5, '01:00'));
  await put({ ...WANTED, weeklyHours: {} });
  expect(await slots()).toEqual([]);
  expect((await world.send(client, `/v1/appointments/${id}`)).body).toMatchObject({
    status: 'scheduled',
    startsAt: local(0, '10:00'),
    policy: { bufferMinutes: 10 },
  });
});
