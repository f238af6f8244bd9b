import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutageWorld, type OutageWorld } from '../support/outage-world.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { sleep, until } from '../support/steps.js';
import type { WorkerChild } from '../support/worker-child.js';
import { mailsRepeated, moneyTrouble, sentTwice, toldOf } from './checks.js';
import { outageLives } from './config.js';
import { durableDelays, figuresOf, tellingDelays, written } from './lateness.js';
import * as lives from './lives.js';
import { startReaders } from './readers.js';

/** One of two workers is killed at T-5, again and again, while it holds what says that Join is open. */

const MINUTE_MS = 500;
const LIVES = 8;
const ROUNDS = Math.ceil(outageLives(24) / LIVES);
/** After T-5: as its commits begin, as the notices are claimed, and while vendors have them. */
const KILLED_AFTER_MS = [50, 250, 600];
/** Vendors take this long, so that what was claimed is not sent yet. */
const VENDOR_MS = 300;
const DURABLE_WITHIN_MS = 3_000;
const TOLD_WITHIN_MS = 4_000;

let world: OutageWorld;
let admin: TestPerson;
let workers: [WorkerChild, WorkerChild];
beforeAll(async () => {
  world = await createOutageWorld();
  admin = await makePerson(world.db, 'admin');
  workers = await Promise.all([world.startWorker(), world.startWorker()]);
});
afterAll(() => world.close());

async function bringUpHerd(startsAt: number): Promise<lives.Life[]> {
  const book = () => lives.bookLife(world, { startsAt, policy: { minuteMs: MINUTE_MS } });
  const herd = await Promise.all(Array.from({ length: LIVES }, book));
  await Promise.all(herd.map((life) => lives.readyLife(world, life, admin)));
  return herd;
}

async function holders(herd: lives.Life[]): Promise<number> {
  const rows = await toldOf(world.db, herd, 't5');
  return rows.filter(({ status }) => status === 'sending').length;
}

test('one of two workers is killed at T-5: what is due is durable within 3 s, everybody is told in time and once', async () => {
  for (const provider of ['twilio', 'smtp'] as const)
    world.sandbox.control.addFault({ provider, kind: 'latency', ms: VENDOR_MS });
  const all: lives.Life[] = [];
  let held = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const killedAfterMs = KILLED_AFTER_MS[round % KILLED_AFTER_MS.length]!;
    const startsAt = Date.now() + (await lives.setupMs(world, admin, LIVES)) + 5 * MINUTE_MS;
    const herd = await bringUpHerd(startsAt);
    all.push(...herd);
    const readers = startReaders(world, herd, 1);
    await sleep(startsAt - 5 * MINUTE_MS + killedAfterMs - Date.now());
    await workers[round % 2]!.kill();
    held += await holders(herd);
    const joins = await Promise.all(herd.slice(0, 2).map((life) => lives.joinLife(world, life, 'client')));
    expect(joins.map(({ status }) => status)).toEqual([200, 200]);
    await until(
      'told',
      async () => (await toldOf(world.db, herd, 't5')).every(({ status }) => status === 'sent'),
      30_000,
    );
    expect((await readers.stop()).examples).toEqual([]);
    workers[round % 2] = await world.startWorker();
  }
  await lives.allOver(world.db, all, 60_000);
  const durable = figuresOf(await durableDelays(world.db, all, 'opening_due'));
  const told = figuresOf(await tellingDelays(world.db, all, ['email', 'sms']));
  const ended = figuresOf(await durableDelays(world.db, all, 'duration_over'));
  console.log(
    `worker killed ${KILLED_AFTER_MS.join(', ')} ms after T-5 beside a living one, ${held} notices of ${all.length} lives were with vendors then: ` +
      `T-5 durable ${written(durable)}; told ${written(told)}; end durable ${written(ended)}; ` +
      `${mailsRepeated(world.sandbox)} mails came again with their Message-ID`,
  );
  expect(durable.count).toBe(all.length);
  expect(durable.maxMs).toBeLessThan(DURABLE_WITHIN_MS);
  expect(told.firstMs).toBeGreaterThanOrEqual(0);
  expect(told.maxMs).toBeLessThan(TOLD_WITHIN_MS);
  expect(sentTwice(world.sandbox)).toEqual([]);
  expect(await moneyTrouble(world.db, all)).toEqual([]);
}, 240_000);
