import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { commitAppointment, type CommitRequest } from '../../db/commit.js';
import { databaseNow } from '../../db/clock.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { brokenRules } from '../support/provider-books.js';
import { sleep } from '../support/steps.js';
import { useTestDatabase } from '../support/test-db.js';
import { holding, momentOf, past, rowOf, type Moment } from './hold.js';
import { readLeft } from './outcome.js';
import { inTime, LIMIT_MS, TooSlow } from './racing.js';
import { arrangeRow, bring, type Racing, type Stage } from './rows.js';

/**
 * Two commits of one appointment at once, as when a worker that was taken for dead still works: a workflow's own are
 * serial. Which is first is decided by who gets the row; a request counts for when it was stored even then.
 */

const db = useTestDatabase();
let admin: TestPerson;
beforeAll(async () => {
  admin = await makePerson(db(), 'admin');
});

type Who = 'client' | 'therapist' | 'admin';

function request(racing: Racing, kind: CommitRequest['kind'], who: Who, payload: CommitRequest['payload'] = {}) {
  const person = who === 'admin' ? admin : racing[who];
  return { id: randomUUID(), kind, actor: { role: who, id: person.id }, payload: { reason: 'a test', ...payload } };
}

/** A commit's answer to its request; `-` for the clock's own. */
async function commit(racing: Racing, asked?: CommitRequest): Promise<string> {
  const committed = await commitAppointment(db(), racing.id, asked);
  if (asked === undefined) return '-';
  const { decision } = committed!;
  return decision === null ? 'undecided' : decision.ok ? 'ok' : decision.code;
}

/** Both wait for the row, the first before the second, and a deadline passes meanwhile if one is given. */
async function inOrder(racing: Racing, asked: readonly (CommitRequest | undefined)[], deadline: Moment | null) {
  const waiting = await holding(db(), rowOf(racing.id), async (row) => {
    const commits: { answer: Promise<string> }[] = [];
    for (const one of asked) {
      commits.push({ answer: commit(racing, one) });
      await row.waiters(commits.length);
    }
    if (deadline !== null) {
      const aheadMs = (await momentOf(db(), racing.id, deadline)) - (await databaseNow(db()));
      if (aheadMs <= 0) throw new TooSlow(`${deadline} passed ${-aheadMs} ms before the race`);
      await past(db(), racing.id, deadline);
    }
    return commits;
  });
  return Promise.all(waiting.map(({ answer }) => answer));
}

const arrange = (stage: Stage) => arrangeRow(db(), admin, { stage });
const left = async ({ id }: Racing) => (await readLeft(db(), [id]))[0]!;

interface Race {
  name: string;
  stage: Stage;
  deadline: Moment;
  asks: (racing: Racing) => CommitRequest;
  /** Timeline from here on, what became of the hold, and what the request was told, when it or the clock is first. */
  request: { answer: string; timeline: string[]; hold: string; reason: string | null };
  clock: { answer: string; timeline: string[]; hold: string; reason: string | null };
}

const RACES: Race[] = [
  {
    name: 'cancel against T-5',
    stage: 'activated',
    deadline: 'opens_at',
    asks: (racing) => request(racing, 'cancel', 'client'),
    request: { answer: 'ok', timeline: ['reminder_due', 'cancel'], hold: 'settled', reason: 'cancelled' },
    clock: { answer: 'ok', timeline: ['reminder_due', 'opening_due', 'cancel'], hold: 'settled', reason: 'cancelled' },
  },
  {
    name: 'end against the duration',
    stage: 'in_progress',
    deadline: 'ends_at',
    asks: (racing) => request(racing, 'end', 'therapist'),
    request: { answer: 'ok', timeline: ['end'], hold: 'settled', reason: 'ended_by_party' },
    clock: {
      answer: 'already_over',
      timeline: ['duration_over', 'end:already_over'],
      hold: 'settled',
      reason: 'duration_over',
    },
  },
  {
    name: 'force against start + 10 min',
    stage: 'paid',
    deadline: 'activate_by',
    asks: (racing) => request(racing, 'force_confirm', 'admin'),
    request: { answer: 'ok', timeline: ['reminder_due', 'opening_due', 'force_confirm'], hold: 'held', reason: null },
    clock: {
      answer: 'already_over',
      timeline: ['reminder_due', 'opening_due', 'activation_window_over', 'force_confirm:already_over'],
      hold: 'voided',
      reason: 'activation',
    },
  },
];

describe.for(RACES)('$name', (race) => {
  test.for(['request', 'clock'] as const)('the %s first', { timeout: LIMIT_MS }, (first) =>
    inTime(async (inMs) => {
      const racing = await arrange(race.stage);
      const before = (await left(racing)).timeline.length;
      const asked = race.asks(racing);
      await bring(db(), racing, race.deadline, inMs);
      const order = first === 'request' ? [asked, undefined] : [undefined, asked];
      const answers = await inOrder(racing, order, race.deadline);
      const { timeline, hold, reason } = await left(racing);
      const answer = answers.find((one) => one !== '-');
      expect({ answer, timeline: timeline.slice(before), hold, reason }).toEqual(race[first]);
    }),
  );
});

describe('two requests', () => {
  test.for(['client', 'therapist'] as const)('two ends, the %s’s first', async (who) => {
    const racing = await arrange('in_progress');
    const both = [request(racing, 'end', 'client'), request(racing, 'end', 'therapist')];
    const answers = await inOrder(racing, who === 'client' ? both : both.toReversed(), null);
    expect(answers).toEqual(['ok', 'already_over']);
    expect(await left(racing)).toMatchObject({ status: 'completed', reason: 'ended_by_party', ledger: ['settle'] });
  });

  test('the same request from two workers is one', async () => {
    const racing = await arrange('in_progress');
    const asked = request(racing, 'end', 'client');
    expect(await inOrder(racing, [asked, asked], null)).toEqual(['ok', 'ok']);
    const { timeline, ledger } = await left(racing);
    expect(timeline.filter((kind) => kind.startsWith('end'))).toEqual(['end']);
    expect(ledger).toEqual(['settle']);
  });

  test('force, then cancel; cancel, then force', async () => {
    const [one, other] = [await arrange('paid'), await arrange('paid')];
    const both = (racing: Racing) => [
      request(racing, 'force_confirm', 'admin'),
      request(racing, 'cancel', 'therapist'),
    ];
    expect(await inOrder(one, both(one), null)).toEqual(['ok', 'ok']);
    expect(await inOrder(other, both(other).toReversed(), null)).toEqual(['ok', 'already_over']);
    for (const racing of [one, other])
      expect(await left(racing)).toMatchObject({ status: 'cancelled', hold: 'voided', ledger: [] });
    const open = await db()
      .selectFrom('notification')
      .where('kind', '=', 'opened_early')
      .where('appointmentId', 'in', [one.id, other.id])
      .select('status')
      .distinct()
      .execute();
    expect(open).toEqual([{ status: 'voided' }]);
  });
});

/** So many races at once have a connection for each of their commits. */
const AT_ONCE = 6;

test('fifty of each, six at a time, in any order: one legal outcome each, right books, no deadlock', async () => {
  for (const race of RACES) {
    for (let raced = 0; raced < 50; raced += AT_ONCE) {
      const all = await Promise.all(Array.from({ length: AT_ONCE }, () => arrange(race.stage)));
      await Promise.all(all.map((racing) => unforced(race, racing)));
    }
  }
  expect(await brokenRules(db())).toEqual([]);
  const { rows } = await sql`select deadlocks from pg_stat_database where datname = current_database()`.execute(db());
  expect(rows).toEqual([{ deadlocks: 0 }]);
}, 120_000);

/** The request and two workers whose timers fire, each somewhere around the deadline. */
async function unforced(race: Race, racing: Racing): Promise<void> {
  const before = (await left(racing)).timeline.length;
  await bring(db(), racing, race.deadline, 30);
  const contenders = [race.asks(racing), undefined, undefined].map(async (asked) => {
    await sleep(Math.random() * 60);
    return commit(racing, asked);
  });
  await Promise.all(contenders);
  await past(db(), racing.id, race.deadline);
  await commit(racing);
  const { timeline, hold, reason } = await left(racing);
  const legal = [race.request, race.clock].map((one) => ({
    timeline: one.timeline,
    hold: one.hold,
    reason: one.reason,
  }));
  expect(legal).toContainEqual({ timeline: timeline.slice(before), hold, reason });
}
