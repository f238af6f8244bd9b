import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutageWorld, type OutageWorld } from '../support/outage-world.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { sleep, until } from '../support/steps.js';
import { moneyTrouble, sentTwice, toldOf } from './checks.js';
import { durableDelays, figuresOf, tellingDelays, written } from './lateness.js';
import * as lives from './lives.js';
import { startReaders } from './readers.js';

/** A worker whose clock is five minutes off, six hundred policy minutes: PostgreSQL's clock decides all the same. */

const OFF_MS = 300_000;
const MINUTE_MS = 500;
/** What a healthy worker needs on two noisy cores; the clock is off by sixty times that. */
const ON_TIME_MS = 5_000;

const CLOCK_EVENTS = [
  'reminder_due',
  'opening_due',
  'duration_over',
  'activation_window_over',
  'payment_window_over',
] as const;
const clockOffBy = (ms: number): string => new URL(`clock-off.mjs?ms=${ms}`, import.meta.url).href;

let world: OutageWorld;
let admin: TestPerson;
beforeAll(async () => {
  world = await createOutageWorld();
  admin = await makePerson(world.db, 'admin');
});
afterAll(() => world.close());

test('one worker’s clock is five minutes fast, the other’s five minutes slow: lives go right and on time by PostgreSQL’s clock', async () => {
  const workers = await Promise.all(
    [OFF_MS, -OFF_MS].map((offMs) => world.startWorker({ preload: [clockOffBy(offMs)] })),
  );
  const startsAt = Date.now() + (await lives.setupMs(world, admin, 8)) + 15 * MINUTE_MS;
  const policy = { minuteMs: MINUTE_MS, wakeSpreadMs: 0 };
  const book = (changes = {}) => lives.bookLife(world, { startsAt, policy: { ...policy, ...changes } });
  const pair = () => Promise.all([book(), book()]);
  // The first, so that their payment window is over long before T-15.
  const unpaid = await Promise.all([book({ paymentWindowMinutes: 8 }), book({ paymentWindowMinutes: 8 })]);
  const [both, nobody, unapproved] = [await pair(), await pair(), await pair()];
  const all = [...both, ...nobody, ...unapproved];
  await Promise.all(all.map((life) => lives.readyLife(world, life, unapproved.includes(life) ? null : admin)));
  all.push(...unpaid);
  const readers = startReaders(world, all, 1);
  await sleep(startsAt - 5 * MINUTE_MS + 100 - Date.now());
  for (const life of both)
    for (const who of ['client', 'therapist'] as const)
      expect((await lives.joinLife(world, life, who)).status).toBe(200);
  await lives.allOver(world.db, all, 40_000);
  const { examples, reads } = await readers.stop();
  await until('told', async () => (await toldOf(world.db, all, 't5')).every(({ status }) => status !== 'pending'));
  const delays = (kind: string) => durableDelays(world.db, all, kind);
  const durable = await Promise.all(CLOCK_EVENTS.map(delays));
  const telling = figuresOf(await tellingDelays(world.db, all, ['email', 'sms', 'in_app']));
  const commits = figuresOf(durable.flat());
  console.log(
    `workers’ clocks ${OFF_MS / 1000} s fast and slow, ${all.length} lives: durable ${written(commits)}; ` +
      `told at T-5 ${written(telling)}; ${reads} reads, ${examples.length} wrong`,
  );
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(examples).toEqual([]);
  for (const { firstMs, maxMs } of [commits, telling]) {
    expect(firstMs).toBeGreaterThanOrEqual(0);
    expect(maxMs).toBeLessThan(ON_TIME_MS);
  }
  expect(durable.map(({ length }) => length)).toEqual([6, 6, 4, 2, 2]);
  const ends = await Promise.all(all.map(async ({ id }) => (await lives.recordOf(world.db, id)).outcome?.reason));
  expect(ends).toEqual(['duration_over', 'both_absent', 'activation', 'payment'].flatMap((each) => [each, each]));
  expect(await moneyTrouble(world.db, all)).toEqual([]);
  expect(sentTwice(world.sandbox)).toEqual([]);
}, 120_000);
