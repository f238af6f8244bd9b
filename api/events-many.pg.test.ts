import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { payByWallet } from '../db/payment-requests.js';
import { bookAppointment, MINUTE_MS } from '../tests/support/appointments.js';
import { type EventStream, openEvents } from '../tests/support/event-stream.js';
import { makeClient, makePerson } from '../tests/support/people.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** The same with a thousand, measured: npm run bench -- live. */
const ADMINS = 10;
const STREAMS_OF_EACH = 10;
const CHANGES = 20;

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

test('a hundred listeners each see every change once, and soon', async () => {
  const { db, parties } = world;
  const streams: EventStream[] = [];
  for (let n = 0; n < ADMINS; n += 1) {
    const admin = await makePerson(db, 'admin');
    const authorization = `Bearer ${await world.tokenOf(admin.subject)}`;
    for (let m = 0; m < STREAMS_OF_EACH; m += 1)
      streams.push(await openEvents(`${world.url}/v1/events`, { authorization }));
  }
  await Promise.all(streams.map((stream) => stream.until(({ event }) => event === 'ready')));
  const paidAt = new Map<string, number>();
  for (let n = 0; n < CHANGES; n += 1) {
    const client = await makeClient(db);
    const inMs = (n + 2) * 2 * 60 * MINUTE_MS;
    const id = await bookAppointment(db, { client, therapist: parties.therapist }, { inMs });
    await payByWallet(db, id);
    await commitAppointment(db, id);
    paidAt.set(id, Date.now());
  }
  const last = [...paidAt.keys()].at(-1);
  const isPaid = ({ data }: EventStream['events'][number]) =>
    (data['changes'] as string[] | undefined)?.includes('paid');
  await Promise.all(
    streams.map((stream) => stream.until((event) => event.data['id'] === last && isPaid(event) === true)),
  );
  const delays: number[] = [];
  for (const stream of streams) {
    const paid = stream.events.filter(isPaid);
    expect(paid).toHaveLength(CHANGES);
    expect(new Set(paid.map(({ data }) => data['id']))).toEqual(new Set(paidAt.keys()));
    for (const { data, at } of paid) delays.push(at - paidAt.get(String(data['id']))!);
    stream.close();
  }
  delays.sort((a, b) => a - b);
  expect(delays.length).toBe(ADMINS * STREAMS_OF_EACH * CHANGES);
  expect(delays[Math.floor(delays.length * 0.99)]).toBeLessThan(1_000);
});
