import { afterAll, beforeAll, expect, test } from 'vitest';
import { failOneTransactionInTen, faultCounts } from '../support/database-faults.js';
import { createOutageWorld, type OutageWorld, type TimedAnswer } from '../support/outage-world.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { sleep, until } from '../support/steps.js';
import { moneyTrouble, sentTwice } from './checks.js';
import { outageLives } from './config.js';
import * as lives from './lives.js';

/** PostgreSQL ends one writing transaction in ten, at a statement or at its commit. */

const MINUTE_MS = 400;
const LIVES = outageLives(30);

let world: OutageWorld;
let admin: TestPerson;
const answers: TimedAnswer[] = [];
beforeAll(async () => {
  const made = await createOutageWorld();
  const send: OutageWorld['send'] = async (...request) => {
    const answer = await made.send(...request);
    answers.push(answer);
    return answer;
  };
  world = { ...made, send };
  await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(() => world.close());

/** How a life goes: six ways by turns. */
const WAYS = ['completed', 'alone', 'nobody', 'unapproved', 'unpaid', 'cancelled'] as const;
const ENDS = {
  completed: 'completed duration_over',
  alone: 'no_show therapist_absent',
  nobody: 'no_show both_absent',
  unapproved: 'expired activation',
  unpaid: 'expired payment',
  cancelled: 'cancelled cancelled',
} satisfies Record<(typeof WAYS)[number], string>;

async function untilAnswered(status: number, ask: () => Promise<TimedAnswer>): Promise<void> {
  await until(`answered ${status}`, async () => (await ask()).status === status, 30_000);
}

async function live(way: (typeof WAYS)[number], startsAt: number): Promise<lives.Life> {
  const paymentWindowMinutes = way === 'unpaid' ? 10 : 600;
  const life = await lives.bookLife(world, { startsAt, policy: { minuteMs: MINUTE_MS, paymentWindowMinutes } });
  if (way === 'unpaid') return life;
  await lives.readyLife(world, life, way === 'unapproved' ? null : admin);
  if (way === 'cancelled') await untilAnswered(200, () => lives.cancelLife(world, life, life.id));
  if (way !== 'completed' && way !== 'alone') return life;
  await sleep(startsAt - 5 * MINUTE_MS - Date.now() + 50);
  await untilAnswered(200, () => lives.joinLife(world, life, 'client'));
  if (way === 'completed') await untilAnswered(200, () => lives.joinLife(world, life, 'therapist'));
  return life;
}

test(
  `one transaction in ten fails: ${LIVES} lives end as they should, nobody is charged twice, and no request is answered 500`,
  async () => {
    const setupMs = await lives.setupMs(world, admin, LIVES);
    await failOneTransactionInTen(world.db);
    const startsAt = Date.now() + setupMs + 5 * MINUTE_MS;
    const ways = Array.from({ length: LIVES }, (_, index) => WAYS[index % WAYS.length]!);
    const all = await Promise.all(ways.map((way) => live(way, startsAt)));
    await lives.allOver(world.db, all, 90_000);
    await until('all told', async () => (await unsent()) === 0, 60_000);
    const counts = await faultCounts(world.db);
    const unavailable = answers.filter(({ status }) => status === 503).map(({ body }) => body['code']);
    console.log(
      `${counts.transactions} writing transactions, ${counts.serialization} serialization failures and ${counts.deadlock} ` +
        `deadlocks (${counts.atStatement} at a statement, ${counts.atCommit} at the commit): ${LIVES} lives ended; ` +
        `${answers.length} requests, ${unavailable.length} answered 503 (${[...new Set(unavailable)].join()})`,
    );
    expect(counts.serialization + counts.deadlock).toBeGreaterThan(LIVES);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(LIVES / 4);
    expect(answers.filter(({ status, retryAfter }) => status === 500 || (status === 503 && !retryAfter))).toEqual([]);
    const records = await Promise.all(all.map(({ id }) => lives.recordOf(world.db, id)));
    expect(records.map(({ status, outcome }) => `${status} ${outcome?.reason}`)).toEqual(ways.map((way) => ENDS[way]));
    expect(await moneyTrouble(world.db, all)).toEqual([]);
    expect(sentTwice(world.sandbox)).toEqual([]);
  },
  300_000 + LIVES * 2_000,
);

async function unsent(): Promise<number> {
  const rows = await world.db
    .selectFrom('notification')
    .where('status', 'in', ['pending', 'sending'])
    .select('id')
    .execute();
  return rows.length;
}
