import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeClient, makeTherapist } from '../support/people.js';
import { brokenRules } from '../support/provider-books.js';
import { stored } from '../support/steps.js';
import { arrangeMany, raceMany, sendAll, tally, TIMES, type Raced } from './at-once.js';
import { ask, post } from './contenders.js';
import { leftByAll } from './outcome.js';
import { createRaceWorld, type RaceWorld } from './racing.js';

/** Every race fifty times at the same moment, forced by nothing: one of the legal outcomes each time, and no deadlock. */

let world: RaceWorld;
beforeAll(async () => {
  world = await createRaceWorld();
});
afterAll(() => world.close());

const LIMIT_MS = 180_000;
const why = { reason: 'a test' };

/** Every race had one of these outcomes, and its money is as that outcome says. */
function expectOutcomes(raced: readonly Raced[], legal: Record<string, { hold: string; ledger: string[] }>): void {
  const seen = tally(raced);
  expect(Object.keys(legal), JSON.stringify(seen)).toEqual(expect.arrayContaining(Object.keys(seen)));
  for (const one of raced) {
    const { hold, ledger } = legal[Object.keys(tally([one]))[0]!]!;
    expect({ hold: one.left.hold, ledger: one.left.ledger }).toEqual({ hold, ledger });
  }
}

const HELD = { hold: 'held', ledger: [] };
const FREE = { hold: 'none', ledger: [] };
const BACK = { hold: 'voided', ledger: [] };
const CHARGED = { hold: 'settled', ledger: ['settle'] };
const once = (kinds: readonly string[], kind: string) => expect(kinds.filter((one) => one === kind)).toHaveLength(1);

test('payment against expiry', { timeout: LIMIT_MS }, async () => {
  const wish = { stage: 'booked', policy: { paymentWindowMinutes: 300 } } as const;
  const raced = await raceMany(
    world,
    wish,
    (racing) => [ask(world, racing.client, racing, 'payments', { method: 'wallet' })],
    'pay_by',
  );
  expectOutcomes(raced, {
    '201 completed -> scheduled': HELD,
    '409 payment_window_over -> expired (payment)': FREE,
  });
  for (const { left } of raced) {
    expect(left.told.includes('payment_received client')).toBe(left.status === 'scheduled');
    expect(left.told.includes('expired_payment client')).toBe(left.status === 'expired');
  }
});

test('cancel against T-5', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(
    world,
    { stage: 'activated', policy: { openingMinutes: 60, reminderMinutes: 70 } }, // before the start, however long it waits on a busy machine
    (racing) => [ask(world, racing.client, racing, 'cancel', why)],
    'opens_at',
  );
  expectOutcomes(raced, { '200 cancelled -> cancelled (cancelled)': CHARGED });
  for (const { left } of raced) {
    once(left.timeline, 'cancel');
    expect(left.timeline.at(-1)).toBe('cancel');
    expect(left.told).toEqual(expect.arrayContaining(['cancelled client', 'cancelled therapist']));
  }
});

test('two ends, a leave and the duration’s timer', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(
    world,
    { stage: 'in_progress' },
    (racing) => [
      ask(world, racing.client, racing, 'end'),
      ask(world, racing.therapist, racing, 'end'),
      ask(world, racing.client, racing, 'leave'),
    ],
    'ends_at',
  );
  for (const { answers, left } of raced) {
    const [client, therapist, leave] = answers;
    expect(left).toMatchObject({ status: 'completed', ...CHARGED });
    const ended = [client, therapist].filter((answer) => answer === '200 completed').length;
    const late = [client, therapist].filter((answer) => answer === '409 already_over').length;
    expect({ ended, late }).toEqual(left.reason === 'ended_by_party' ? { ended: 1, late: 1 } : { ended: 0, late: 2 });
    expect(leave).toMatch(/^(200 (in_progress|completed)|409 already_over)$/);
    expect(left.told.filter((one) => one.startsWith('completed'))).toEqual(['completed client', 'completed therapist']);
  }
});

test('join against cancel', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(world, { stage: 'open' }, (racing) => [
    ask(world, racing.therapist, racing, 'join'),
    ask(world, racing.client, racing, 'cancel', why),
  ]);
  expectOutcomes(raced, {
    '200, 409 use_end -> in_progress': HELD,
    '200, 200 cancelled -> cancelled (cancelled)': CHARGED, // let in before the cancel, stored before it, was committed
    '409 already_over, 200 cancelled -> cancelled (cancelled)': CHARGED,
  });
});

test('reschedule against the reminder', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(
    world,
    { stage: 'activated', policy: { reminderMinutes: 60 } }, // T-5 is far
    async (racing) => {
      const startsAt = new Date((await stored(world, racing.id)).startsAt + 3_000).toISOString();
      return [ask(world, world.admin, racing, 'reschedule', { startsAt })];
    },
    'remind_at',
  );
  expectOutcomes(raced, { '200 scheduled -> scheduled': HELD });
  for (const { left } of raced) once(left.timeline, 'reschedule');
  const { rows } = await sql<{ pending: number }>`
    select count(*) filter (where n.schedule_version = 1 and n.status in ('pending', 'sending'))::int as pending
    from notification n where n.kind = 't15' and n.appointment_id in (${sql.join(raced.map(({ racing }) => racing.id))})
  `.execute(world.db);
  expect(rows[0]).toEqual({ pending: 0 });
});

test('activation against expiry', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(
    world,
    { stage: 'paid' },
    (racing) => [ask(world, world.admin, racing, 'activate')],
    'activate_by',
  );
  for (const { answers, left } of raced) {
    if (left.status === 'expired') {
      expect(left).toMatchObject({ reason: 'activation', ...BACK });
      expect(answers[0]).toMatch(/^(409 already_over|202 pending)$/);
    } else {
      expect(left).toMatchObject({ status: 'confirmed', activated: true, ...HELD });
      expect(answers[0]).toMatch(/^(200 confirmed|202 pending)$/);
    }
  }
});

test('two admins: activate, activate and deactivate', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(world, { stage: 'paid' }, (racing) => [
    ask(world, world.admin, racing, 'activate'),
    ask(world, world.other, racing, 'activate'),
    ask(world, world.other, racing, 'deactivate', why),
  ]);
  for (const { answers, left } of raced) {
    for (const answer of answers) expect(answer).toMatch(/^(200 scheduled|202 pending)$/);
    const changes = left.timeline.slice(2);
    expect(['activate', 'activate,deactivate', 'activate,deactivate,activate']).toContain(changes.join());
    expect(left.activated).toBe(changes.at(-1) === 'activate');
    expect(left).toMatchObject({ status: 'scheduled', ...HELD });
  }
});

test('two admins: force against cancel', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(world, { stage: 'paid' }, (racing) => [
    ask(world, world.admin, racing, 'force-confirm', why),
    ask(world, world.other, racing, 'cancel', why),
  ]);
  expectOutcomes(raced, {
    '200 confirmed, 200 cancelled -> cancelled (cancelled)': BACK,
    '200 cancelled, 200 cancelled -> cancelled (cancelled)': BACK,
    '409 already_over, 200 cancelled -> cancelled (cancelled)': BACK,
  });
  for (const { answers, left } of raced)
    expect(left.timeline.includes('force_confirm')).toBe(answers[0] !== '409 already_over');
});

test('two refunds and two reviews of one session', { timeout: LIMIT_MS }, async () => {
  const raced = await raceMany(world, { stage: 'completed' }, (racing) => [
    post(world, world.admin, `/v1/admin/appointments/${racing.id}/refunds`, why),
    post(world, world.other, `/v1/admin/appointments/${racing.id}/refunds`, why),
    ask(world, racing.client, racing, 'review', { rating: 5 }),
    ask(world, racing.client, racing, 'review', { rating: 1 }),
  ]);
  for (const { answers, left } of raced) {
    expect(answers.slice(0, 2).toSorted()).toEqual(['201 completed', '409 amount_too_large']);
    expect(answers.slice(2).toSorted()).toEqual(['201', '409 review_exists']);
    expect(left.ledger).toEqual(['settle', 'earnings_reversed']);
    once(left.timeline, 'refunded');
  }
});

test('a therapist’s two joins', { timeout: LIMIT_MS }, async () => {
  const firsts = await arrangeMany(
    world,
    Array.from({ length: TIMES }, () => ({ stage: 'open' as const })),
  );
  const seconds = await arrangeMany(
    world,
    firsts.map(({ therapist }) => ({ stage: 'open' as const, therapist, farMs: 1_200_000 })),
  );
  const answers = await sendAll(
    world,
    firsts.map((first, index) => [first, seconds[index]!].map((racing) => ask(world, first.therapist, racing, 'join'))),
  );
  for (const pair of answers) expect(pair.toSorted()).toEqual(['200', '409 therapist_busy']);
  const left = await leftByAll(
    world,
    [...firsts, ...seconds].map(({ id }) => id),
  );
  const running = left.map(({ status }) => status === 'in_progress');
  expect(running).toEqual([
    ...answers.map(([first]) => first === '200'),
    ...answers.map(([, second]) => second === '200'),
  ]);
});

test('two bookings of one slot', { timeout: LIMIT_MS }, async () => {
  const { db } = world;
  const races = await Promise.all(
    Array.from({ length: TIMES }, async () => {
      const therapist = await makeTherapist(db, { minuteMs: 1_000, paymentWindowMinutes: 300 });
      const startsAt = new Date(Date.now() + 600_000).toISOString();
      const booking = { therapistId: therapist.id, startsAt, durationMinutes: 60, sessionMode: 'chat' };
      const clients = [await makeClient(db), await makeClient(db)];
      return clients.map((client) => post(world, client, '/v1/appointments', booking));
    }),
  );
  for (const pair of await sendAll(world, races)) expect(pair.toSorted()).toEqual(['201 scheduled', '409 slot_taken']);
});

test('two wallet payments with money for one', { timeout: LIMIT_MS }, async () => {
  const { db } = world;
  const clients = await Promise.all(Array.from({ length: TIMES }, () => makeClient(db, 6_000)));
  const [firsts, seconds] = [
    await arrangeMany(
      world,
      clients.map((client) => ({ stage: 'booked' as const, client })),
    ),
    await arrangeMany(
      world,
      clients.map((client) => ({ stage: 'booked' as const, client, farMs: 1_200_000 })),
    ),
  ];
  const answers = await sendAll(
    world,
    clients.map((client, index) =>
      [firsts[index]!, seconds[index]!].map((racing) => ask(world, client, racing, 'payments', { method: 'wallet' })),
    ),
  );
  for (const pair of answers) expect(pair.toSorted()).toEqual(['201 completed', '409 insufficient_funds']);
});

test('after all of it the books are right, and PostgreSQL has seen no deadlock', async () => {
  expect(await brokenRules(world.db)).toEqual([]);
  const { rows } = await sql`select deadlocks from pg_stat_database where datname = current_database()`.execute(
    world.db,
  );
  expect(rows).toEqual([{ deadlocks: 0 }]);
});
