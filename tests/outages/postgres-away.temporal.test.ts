import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutageWorld, LONGEST_ANSWER_MS, type OutageWorld } from '../support/outage-world.js';
import { type OwnServer, startOwnPostgres } from '../support/own-servers.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { sleep, until } from '../support/steps.js';
import { mailsRepeated, moneyTrouble, sentTwice, toldOf } from './checks.js';
import { outageLives, postgresAwayMs } from './config.js';
import * as lives from './lives.js';
import { startReaders } from './readers.js';

/** PostgreSQL goes away three times in the lives of a herd: the way to it is cut, falls silent, its server is killed. */

const { silentMs, goneMs } = postgresAwayMs();
/** Between two outages, from T-15 to T-5 and from there to the end, ten seconds are left at least. */
const MINUTE_MS = (silentMs + goneMs) / 20 + 1_000;
const LIVES = outageLives(10);
const DURABLE_WITHIN_MS = 20_000;

let postgres: OwnServer;
let world: OutageWorld;
let admin: TestPerson;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  world = await createOutageWorld({ databaseUrl: postgres.address });
  await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(async () => {
  await world.close();
  await postgres.close();
});

interface Outage {
  name: string;
  /** Its middle, epoch ms. */
  over: number;
  awayMs: number;
  begin: () => Promise<void>;
  end: () => Promise<void>;
}

async function bringUpHerd(startsAt: number): Promise<lives.Life[]> {
  const book = () => lives.bookLife(world, { startsAt, policy: { minuteMs: MINUTE_MS } });
  const herd = await Promise.all(Array.from({ length: LIVES }, book));
  await Promise.all(herd.map((life) => lives.readyLife(world, life, admin)));
  return herd;
}

/**
 * Requests that write, a tenth of a second apart, so that some are under way whenever PostgreSQL goes: to pay once more,
 * which is refused in a transaction of its own.
 */
async function payAllAlong({ client, id }: lives.Life, end: number): Promise<string[]> {
  const asked: Promise<string>[] = [];
  while (Date.now() < end) {
    const ask = world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method: 'wallet' });
    asked.push(
      ask.then(
        ({ status, retryAfter }) => (status === 503 && retryAfter === null ? 'no Retry-After' : String(status)),
        (error: unknown) => `no answer: ${String(error)}`,
      ),
    );
    await sleep(100);
  }
  return Promise.all(asked);
}

async function goThrough(herd: lives.Life[], { name, over, awayMs, begin, end }: Outage): Promise<void> {
  const beginsAt = over - awayMs / 2;
  expect(Date.now()).toBeLessThan(beginsAt);
  await sleep(beginsAt - Date.now() - 500);
  const writing = payAllAlong(herd[0]!, beginsAt + Math.min(awayMs, 5_000));
  await sleep(beginsAt - Date.now());
  await begin();
  await sleep(awayMs);
  await end();
  const backAt = Date.now();
  const { id, client } = herd[0]!;
  await until('answers', async () => (await world.send(client, 'GET', `/v1/appointments/${id}`)).status === 200);
  const answeredMs = Date.now() - backAt;
  const durableMs = await lives.untilDurable(world.db, herd, backAt, DURABLE_WITHIN_MS);
  const answers = await writing;
  const unavailable = answers.filter((answer) => answer === '503').length;
  console.log(
    `PostgreSQL ${name} for ${awayMs} ms: the API answers ${answeredMs} ms after its return, all that was due of ` +
      `${herd.length} appointments is durable after ${durableMs} ms; of ${answers.length} writes ${unavailable} were answered 503`,
  );
  expect([...new Set(answers)].filter((answer) => !['409', '503'].includes(answer))).toEqual([]);
  expect(unavailable).toBeGreaterThan(0);
}

async function joinWhenPossible(life: lives.Life): Promise<void> {
  for (const who of ['client', 'therapist'] as const)
    await until(`${who} in`, async () => (await lives.joinLife(world, life, who)).status === 200);
}

test('PostgreSQL away over T-15, T-5 and the end: requests are answered 503 in time, and what was due is durable soon after its return, once', async () => {
  const { toPostgres, db, sandbox } = world;
  const remindAt = Date.now() + (await lives.setupMs(world, admin, LIVES)) + goneMs / 2;
  const [opensAt, endsAt] = [remindAt + 10 * MINUTE_MS, remindAt + 25 * MINUTE_MS];
  const herd = await bringUpHerd(remindAt + 15 * MINUTE_MS);
  const readers = startReaders(world, herd, 6);
  const [cut, heal] = [() => toPostgres.cut(), () => toPostgres.heal()];
  await goThrough(herd, { name: 'cut off over T-15', over: remindAt, awayMs: goneMs, begin: cut, end: heal });
  const hang = () => Promise.resolve(toPostgres.hang());
  await goThrough(herd, { name: 'silent over T-5', over: opensAt, awayMs: silentMs, begin: hang, end: heal });
  await Promise.all(herd.filter((_, index) => index % 2 === 0).map(joinWhenPossible));
  const [kill, restart] = [() => postgres.kill(), () => postgres.restart()];
  await goThrough(herd, { name: 'killed over the end', over: endsAt, awayMs: goneMs, begin: kill, end: restart });
  await lives.allOver(db, herd, 90_000);
  const seen = await readers.stop();
  await until('told', async () => (await toldOf(db, herd, 't5')).every(({ status }) => status === 'sent'), 60_000);
  const repeated = mailsRepeated(sandbox);
  console.log(
    `${seen.reads} reads, ${seen.wrong} wrong, ${seen.unavailable} answered 503, the slowest of them after ` +
      `${Math.round(seen.slowestUnavailableMs)} ms; ${repeated} mails came again with their Message-ID`,
  );
  expect(seen.examples).toEqual([]);
  expect(seen.unavailable).toBeGreaterThan(0);
  expect(seen.slowestUnavailableMs).toBeLessThan(LONGEST_ANSWER_MS);
  expect(sentTwice(sandbox)).toEqual([]);
  const ends = await Promise.all(herd.map(async ({ id }) => (await lives.recordOf(db, id)).outcome?.reason));
  expect(ends).toEqual(herd.map((_, index) => (index % 2 === 0 ? 'duration_over' : 'both_absent')));
  expect(await moneyTrouble(db, herd)).toEqual([]);
}, 400_000);
