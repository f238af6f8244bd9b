import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { storeMessage } from '../db/messages.js';
import { DAY_MS, makeParties, passTime } from '../tests/support/appointments.js';
import { activated, booked, paid } from './test-lives.js';
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

/** Unfolded lines of a calendar, as pairs. */
function propertiesOf(body: Record<string, unknown>): [name: string, value: string][] {
  const lines = String(body['text']).replaceAll('\r\n ', '').trimEnd().split('\r\n');
  return lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
}
const valueOf = (body: Record<string, unknown>, name: string) =>
  propertiesOf(body).find(([found]) => found === name)?.[1];
const uidsOf = (body: Record<string, unknown>) =>
  propertiesOf(body).flatMap(([name, value]) => (name === 'UID' ? [value] : []));
const basic = (instant: unknown) => String(instant).replaceAll(/[-:]|\.\d+/g, '');
const icsOf = (id: string, who: 'client' | 'therapist' = 'client', headers: Record<string, string> = {}) =>
  world.send(own.parties[who], `/v1/appointments/${id}/calendar.ics`, { headers });

async function cancel(id: string): Promise<void> {
  const actor = { role: 'client' as const, id: own.parties.client.id };
  await storeMessage(world.db, { appointmentId: id, kind: 'cancel', actor, signal: false, payload: {} });
  await commitAppointment(world.db, id);
}

test('an appointment is downloaded by its own people, with a SEQUENCE that grows until it is cancelled', async () => {
  const id = await paid(own);
  const before = await icsOf(id);
  expect(before.status).toBe(200);
  expect(before.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
  expect(before.headers.get('cache-control')).toBe('private, no-cache');
  const { body } = await world.send(own.parties.client, `/v1/appointments/${id}`);
  expect(valueOf(before.body, 'UID')).toBe(id);
  expect(valueOf(before.body, 'DTSTART')).toBe(basic(body['startsAt']));
  expect(valueOf(before.body, 'DTEND')).toBe(basic(body['endsAt']));
  expect(valueOf(before.body, 'STATUS')).toBe('TENTATIVE');
  expect(valueOf(before.body, 'CLASS')).toBe('PRIVATE');
  expect((await icsOf(id, 'therapist')).status).toBe(404); // not theirs to see before the approval
  await storeMessage(world.db, {
    appointmentId: id,
    kind: 'activate',
    actor: { role: 'admin', id: own.parties.admin.id },
    signal: false,
  });
  await commitAppointment(world.db, id);
  const approved = await icsOf(id, 'therapist');
  expect(valueOf(approved.body, 'STATUS')).toBe('CONFIRMED');
  await cancel(id);
  const after = await icsOf(id);
  expect(valueOf(after.body, 'STATUS')).toBe('CANCELLED');
  const sequences = [before, approved, after].map(({ body: text }) => Number(valueOf(text, 'SEQUENCE')));
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  expect((await world.send(own.parties.admin, `/v1/appointments/${id}/calendar.ics`)).status).toBe(403);
});

test('what is known is not sent again', async () => {
  const id = await paid(own);
  const first = await icsOf(id);
  const etag = first.headers.get('etag')!;
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const again = await icsOf(id, 'client', { 'if-none-match': known });
    expect([known, again.status, again.body['text']]).toEqual([known, 304, '']);
  }
  expect((await icsOf(id, 'client', { 'if-none-match': '"x"' })).status).toBe(200);
  await cancel(id);
  const changed = await icsOf(id, 'client', { 'if-none-match': etag });
  expect([changed.status, changed.headers.get('etag') === etag]).toEqual([200, false]);
});

const linkOf = async (who: 'client' | 'therapist', key?: string) => {
  const { status, body } = await world.post(own.parties[who], '/v1/me/calendar-feed', {}, key);
  expect(status).toBe(201);
  return new URL(String(body['url'])).pathname;
};
const fetchFeed = (path: string, headers: Record<string, string> = {}) => world.send(null, path, { headers });

test('a feed needs its link and nothing else, shows its owner’s times alone, and 304 where nothing has changed', async () => {
  const first = await activated(own);
  const second = await booked(own, { inMs: 3 * DAY_MS });
  const others = { db: world.db, parties: await makeParties(world.db) };
  await booked(others);
  const [client, therapist] = [await linkOf('client'), await linkOf('therapist')];
  const feed = await fetchFeed(client);
  expect(feed.status).toBe(200);
  expect(feed.headers.get('cache-control')).toBe('private, max-age=300');
  expect(uidsOf(feed.body)).toEqual([first, second]);
  expect(uidsOf((await fetchFeed(therapist)).body)).toEqual([first]); // the other one is not approved
  expect(valueOf(feed.body, 'REFRESH-INTERVAL;VALUE=DURATION')).toBe('PT15M');
  expect(String(feed.body['text'])).not.toMatch(/test (client|therapist)|video|therap|@/i);
  const etag = feed.headers.get('etag')!;
  expect((await fetchFeed(client, { 'if-none-match': etag })).status).toBe(304);
  await cancel(second);
  const changed = await fetchFeed(client, { 'if-none-match': etag });
  expect(changed.status).toBe(200);
  expect(propertiesOf(changed.body).flatMap(([name, value]) => (name === 'STATUS' ? [value] : []))).toEqual([
    'CONFIRMED',
    'CANCELLED',
  ]);
});

test('an appointment that has expired by the clock alone is shown as cancelled', async () => {
  const id = await paid(own, { inMs: 60 * 60_000 });
  const link = await linkOf('client');
  await passTime(world.db, id, 80 * 60_000);
  expect(valueOf((await fetchFeed(link)).body, 'STATUS')).toBe('CANCELLED');
});

test('a renewed link ends the one before; of neither is more than a hash stored', async () => {
  const first = await linkOf('client');
  const second = await linkOf('client', 'renew-1');
  expect(second).not.toBe(first);
  expect(await fetchFeed(first)).toMatchObject({ status: 404, body: { code: 'calendar_not_found' } });
  expect((await fetchFeed(second)).status).toBe(200);
  // A repeat can't be given what isn't stored: it gets a link of its own that works.
  const repeated = await linkOf('client', 'renew-1');
  expect([(await fetchFeed(second)).status, (await fetchFeed(repeated)).status]).toEqual([404, 200]);
  const secret = /([\w-]{43})\.ics$/.exec(repeated)![1]!;
  const kept = await world.db
    .selectFrom('idempotencyKey')
    .where('key', '=', 'renew-1')
    .select('responseBody')
    .executeTakeFirstOrThrow();
  const feeds = await world.db.selectFrom('calendarFeed').selectAll().execute();
  expect(JSON.stringify([kept, feeds])).not.toContain(secret);
  expect((await world.send(own.parties.client, '/v1/me/calendar-feed', { method: 'DELETE' })).status).toBe(204);
  expect((await fetchFeed(repeated)).status).toBe(404);
});

test('what is no link is not found, whatever it is', async () => {
  for (const file of ['x.ics', `${'a'.repeat(43)}.ics`, `${'a'.repeat(43)}`, '%00.ics', '..%2f..', 'é.ics'])
    expect((await fetchFeed(`/v1/calendar/${file}`)).status, file).toBe(404);
});
