import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Policy } from '../../domain/policy.js';
import { createOutageWorld, type OutageWorld } from '../support/outage-world.js';
import { type OwnServer, startOwnTemporal } from '../support/own-servers.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { sleep } from '../support/steps.js';
import type { WorkerChild } from '../support/worker-child.js';
import { moneyTrouble, sentTwice, toldOf } from './checks.js';
import { outageMinuteMs } from './config.js';
import * as lives from './lives.js';
import { startReaders } from './readers.js';

/** Temporal's server is killed for five policy minutes, over the T-5 of a herd, and comes back. */

const MINUTE_MS = outageMinuteMs();
const OUTAGE_MS = 5 * MINUTE_MS;
const DURABLE_WITHIN_MS = 15_000;

let temporal: OwnServer;
let world: OutageWorld;
let worker: WorkerChild;
let admin: TestPerson;
beforeAll(async () => {
  temporal = await startOwnTemporal();
  world = await createOutageWorld({ temporalAddress: temporal.address });
  worker = await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(async () => {
  await world.close();
  await temporal.close();
});

interface Herd {
  /** Activated; both join while Temporal is away, the client alone does, nobody does. */
  both: lives.Life[];
  one: lives.Life[];
  nobody: lives.Life[];
  /** Paid, not activated. */
  unapproved: lives.Life[];
  /** Their payment window ends while Temporal is away. */
  unpaid: lives.Life[];
  /** T-15 falls into the outage and T-5 comes after it. */
  reminded: lives.Life[];
  /** T-15 and T-5 fall into the outage, and no row is written ahead. */
  stale: lives.Life[];
  cancelled: lives.Life[];
  /** Paid and activated while Temporal is away. */
  late: lives.Life[];
}

/** Twenty lives; T-5 of most of them is at `opensAt`. */
async function bringUpHerd(opensAt: number): Promise<Herd> {
  const at = (minutes: number) => opensAt + minutes * MINUTE_MS;
  const book = (count: number, policy: Partial<Policy> = {}, startsAt = at(5)) =>
    Promise.all(
      Array.from({ length: count }, () =>
        lives.bookLife(world, { startsAt, policy: { minuteMs: MINUTE_MS, ...policy } }),
      ),
    );
  const ready = async (herd: lives.Life[], by: TestPerson | null = admin) => {
    await Promise.all(herd.map((life) => lives.readyLife(world, life, by)));
    return herd;
  };
  const both = await ready(await book(4));
  const one = await ready(await book(2));
  const nobody = await ready(await book(2));
  const unapproved = await ready(await book(3), null);
  const reminded = await ready(await book(3, { reminderMinutes: 20 }, at(20)));
  const stale = await ready(await book(2, { reminderMinutes: 6, wakeSpreadMs: 0 }));
  const cancelled = await ready(await book(1, { reminderMinutes: 20 }, at(20)));
  const unpaid = await book(2, { paymentWindowMinutes: Math.round((opensAt - Date.now()) / MINUTE_MS) });
  const late = await book(1, { paymentWindowMinutes: 600 }, at(20));
  return { both, one, nobody, unapproved, unpaid, reminded, stale, cancelled, late };
}

/** What people do at T-5 while Temporal is away; joins and the wallet go on, what must be decided is 503. */
async function liveOn({ both, one, cancelled, late }: Herd, cancelKey: string): Promise<number[]> {
  const joins = await Promise.all([
    ...both.map((life) => lives.joinLife(world, life, 'therapist')),
    ...[...both, ...one].map((life) => lives.joinLife(world, life, 'client')),
  ]);
  expect(joins.map(({ status }) => status)).toEqual(joins.map(() => 200));
  const [paid, activated] = [await lives.payLife(world, late[0]!), await lives.activateLife(world, late[0]!, admin)];
  expect([paid.status, activated.status]).toEqual([201, 202]);
  const cancel = await lives.cancelLife(world, cancelled[0]!, cancelKey);
  expect(cancel).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
  return joins.map(({ ms }) => ms);
}

async function expectAftermath({ reminded, stale, late, ...herd }: Herd): Promise<void> {
  const { db, sandbox } = world;
  const statusesOf = async (of: lives.Life[], kind: 't15' | 't5') => [
    ...new Set((await toldOf(db, of, kind)).map(({ status }) => status)),
  ];
  expect(await statusesOf(reminded, 't15')).toEqual(['sent']);
  expect(await statusesOf(stale, 't15')).not.toContain('sent');
  expect(await statusesOf([...herd.both, ...herd.one, ...herd.nobody, ...stale], 't5')).toEqual(['sent']);
  const endOf = async (of: lives.Life[]) =>
    (await Promise.all(of.map(({ id }) => lives.recordOf(db, id)))).map(
      ({ status, outcome }) => `${status} ${outcome?.reason}`,
    );
  expect(new Set(await endOf(herd.both))).toEqual(new Set(['completed duration_over']));
  expect(new Set(await endOf(herd.one))).toEqual(new Set(['no_show therapist_absent']));
  expect(new Set(await endOf([...herd.nobody, ...stale, ...late]))).toEqual(new Set(['no_show both_absent']));
  expect(new Set(await endOf(herd.unapproved))).toEqual(new Set(['expired activation']));
  expect(new Set(await endOf(herd.unpaid))).toEqual(new Set(['expired payment']));
  expect(await endOf(herd.cancelled)).toEqual(['cancelled cancelled']);
  expect(sentTwice(sandbox)).toEqual([]);
  expect(await moneyTrouble(db, Object.values({ reminded, stale, late, ...herd }).flat())).toEqual([]);
}

test(
  'Temporal away for five minutes over T-5: readers see the right status all along, people join, and what was due is durable within 15 s of its return',
  async () => {
    const opensAt = Date.now() + (await lives.setupMs(world, admin, 20)) + OUTAGE_MS / 2;
    const herd = await bringUpHerd(opensAt);
    const all = Object.values(herd).flat() as lives.Life[];
    const readers = startReaders(world, all);
    const killAt = opensAt - OUTAGE_MS / 2;
    expect(Date.now()).toBeLessThan(killAt);
    await sleep(killAt - Date.now());
    await temporal.kill();
    const killedAt = Date.now();
    await sleep(opensAt + 100 - Date.now());
    const cancelKey = randomUUID();
    const joinMs = await liveOn(herd, cancelKey);
    await sleep(killedAt + OUTAGE_MS - Date.now());
    await temporal.restart();
    const backAt = Date.now();
    const cancel = lives.cancelLife(world, herd.cancelled[0]!, cancelKey);
    const durableMs = await lives.untilDurable(world.db, all, backAt, DURABLE_WITHIN_MS);
    for (
      let answer = await cancel;
      answer.status !== 200;
      answer = await lives.cancelLife(world, herd.cancelled[0]!, cancelKey)
    )
      expect(answer.status).toBe(503);
    await lives.allOver(world.db, all, 60_000 + 25 * MINUTE_MS);
    const seen = await readers.stop();
    console.log(
      `Temporal away for ${backAt - killedAt} ms (a policy minute lasts ${MINUTE_MS} ms), ${all.length} appointments: ` +
        `durable ${durableMs} ms after its return; ${joinMs.length} joins while away, slowest ${Math.round(Math.max(...joinMs))} ms; ` +
        `${seen.reads} reads, ${seen.wrong} wrong, slowest ${Math.round(seen.slowestMs)} ms`,
    );
    expect(seen.examples).toEqual([]);
    expect(seen.unavailable).toBe(0);
    await expectAftermath(herd);
    expect(worker.lastLines().join('\n')).not.toMatch(/uncaught/i);
  },
  300_000 + 60 * MINUTE_MS,
);
