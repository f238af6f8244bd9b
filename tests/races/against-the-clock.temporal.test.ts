import { afterAll, beforeAll, describe, test, type ExpectStatic } from 'vitest';
import { rowOf, type Moment } from './hold.js';
import { arrange, createRaceWorld, inTime, LIMIT_MS, type RaceWorld } from './racing.js';
import { ask, inOrder } from './contenders.js';
import { leftBy, moneyOf, said } from './outcome.js';
import * as steps from '../support/steps.js';

/** A request and a deadline, both orders forced at the row's lock. What was stored first, happened first. */

let world: RaceWorld;
beforeAll(async () => {
  world = await createRaceWorld();
});
afterAll(() => world.close());

/** One race against a moment that comes soon. */
function race(
  name: string,
  moment: Moment,
  run: (given: { expect: ExpectStatic; soon: { moment: Moment; inMs: number } }) => Promise<void>,
): void {
  test(name, { timeout: LIMIT_MS }, ({ expect }) => inTime((inMs) => run({ expect, soon: { moment, inMs } })));
}

const PAID = ['booked', 'payment_settled'];
const ACTIVATED = [...PAID, 'activate'];

describe.concurrent('cancel against T-5', () => {
  const cancel = { reason: 'a test' };
  const policy = { openingMinutes: 60, reminderMinutes: 70 }; // the start is far, however long the race takes on a busy machine
  const money = { wallet: 97_000, held: 0, earned: 2_400 };

  /** While the cancel waits for the row nobody can know of it, and T-5's notice may go out; never after its commit. */
  const openedAfterCancel = (id: string) =>
    world.db
      .selectFrom('notification as n')
      .innerJoin('timelineEntry as t', (join) =>
        join.onRef('t.appointmentId', '=', 'n.appointmentId').on('t.kind', '=', 'cancel'),
      )
      .where('n.appointmentId', '=', id)
      .where('n.kind', '=', 't5')
      .where('n.status', '=', 'sent')
      .whereRef('n.claimedAt', '>', 't.at')
      .select('n.id')
      .execute();

  race('stored before T-5: cancelled and never confirmed', 'opens_at', async ({ expect, soon }) => {
    const racing = await arrange(world, { stage: 'activated', soon, policy });
    const send = ask(world, racing.client, racing, 'cancel', cancel);
    const [answer] = await inOrder(world, rowOf(racing.id), racing, [
      { send, at: 'lock' },
      { clock: 'opens_at', at: 'workflow' },
    ]);
    expect(said(answer!)).toBe('200 cancelled');
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'cancelled', ledger: ['settle'], hold: 'settled' });
    expect(left.timeline).toEqual([...ACTIVATED, 'reminder_due', 'cancel']);
    expect(left.told).toEqual(expect.arrayContaining(['cancelled client', 'cancelled therapist']));
    expect(await openedAfterCancel(racing.id)).toEqual([]);
    expect(await moneyOf(world.db, racing)).toEqual(money);
  });

  race(
    'T-5 first: confirmed, then cancelled, and nothing follows the cancellation',
    'opens_at',
    async ({ expect, soon }) => {
      const racing = await arrange(world, { stage: 'activated', soon });
      const send = ask(world, racing.client, racing, 'cancel', cancel);
      const [answer] = await inOrder(world, rowOf(racing.id), racing, [
        { clock: 'opens_at', at: 'lock' },
        { send, at: 'workflow' },
      ]);
      expect(said(answer!)).toBe('200 cancelled');
      const left = await leftBy(world, racing.id);
      expect(left).toMatchObject({ status: 'cancelled', ledger: ['settle'], hold: 'settled' });
      expect(left.timeline).toEqual([...ACTIVATED, 'reminder_due', 'opening_due', 'cancel']);
      expect(await moneyOf(world.db, racing)).toEqual(money);
      expect(await openedAfterCancel(racing.id)).toEqual([]);
    },
  );
});

describe.concurrent('end against the duration’s timer', () => {
  race('stored before the end: ended by the party', 'ends_at', async ({ expect, soon }) => {
    const racing = await arrange(world, { stage: 'in_progress', soon });
    const send = ask(world, racing.client, racing, 'end');
    const [answer] = await inOrder(world, rowOf(racing.id), racing, [
      { send, at: 'lock' },
      { clock: 'ends_at', at: 'workflow' },
    ]);
    expect(said(answer!)).toBe('200 completed');
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'completed', reason: 'ended_by_party', ledger: ['settle'], hold: 'settled' });
    expect(left.timeline.slice(-1)).toEqual(['end']);
    expect(await moneyOf(world.db, racing)).toEqual({ wallet: 94_000, held: 0, earned: 4_800 });
  });

  race('the timer first: over by its duration, and the end is too late', 'ends_at', async ({ expect, soon }) => {
    const racing = await arrange(world, { stage: 'in_progress', soon });
    const send = ask(world, racing.client, racing, 'end');
    const [answer] = await inOrder(world, rowOf(racing.id), racing, [
      { clock: 'ends_at', at: 'lock' },
      { send, at: 'workflow' },
    ]);
    expect(said(answer!)).toBe('409 already_over');
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'completed', reason: 'duration_over', ledger: ['settle'], hold: 'settled' });
    expect(left.told.filter((one) => one.startsWith('completed'))).toEqual(['completed client', 'completed therapist']);
    expect(await moneyOf(world.db, racing)).toEqual({ wallet: 94_000, held: 0, earned: 4_800 });
  });
});

describe.concurrent('reschedule against the reminder', () => {
  /** Two seconds later: the new T-15 comes soon after the race. */
  async function move(id: string) {
    const { startsAt } = await steps.stored(world, id);
    return ask(world, world.admin, { id }, 'reschedule', { startsAt: new Date(startsAt + 2_000).toISOString() });
  }
  const reminders = (id: string) =>
    world.db
      .selectFrom('notification')
      .where('appointmentId', '=', id)
      .where('kind', '=', 't15')
      .where('recipientRole', '=', 'client')
      .where('channel', '=', 'email')
      .select(['scheduleVersion', 'status'])
      .orderBy('scheduleVersion')
      .execute();
  const reminded = async (id: string, times: number) =>
    steps.until(
      'reminded',
      async () => {
        const { timeline } = await leftBy(world, id);
        return timeline.filter((kind) => kind === 'reminder_due').length === times;
      },
      20_000,
    );

  race('stored before T-15: one reminder, of the new start', 'remind_at', async ({ expect, soon }) => {
    const racing = await arrange(world, { stage: 'activated', soon });
    const send = await move(racing.id);
    const [answer] = await inOrder(world, rowOf(racing.id), racing, [
      { send, at: 'lock' },
      { clock: 'remind_at', at: 'workflow' },
    ]);
    expect(said(answer!)).toBe('200 scheduled');
    await reminded(racing.id, 1);
    const left = await leftBy(world, racing.id);
    expect(left.timeline).toEqual([...ACTIVATED, 'reschedule', 'reminder_due']);
    expect(left.told).toEqual(expect.arrayContaining(['rescheduled client', 'rescheduled therapist', 't15 client']));
    expect(await reminders(racing.id)).toEqual([{ scheduleVersion: 2, status: 'sent' }]);
  });

  race(
    'T-15 first: that reminder is out or void, and the new start has its own',
    'remind_at',
    async ({ expect, soon }) => {
      const racing = await arrange(world, { stage: 'activated', soon });
      const send = await move(racing.id);
      const [answer] = await inOrder(world, rowOf(racing.id), racing, [
        { clock: 'remind_at', at: 'lock' },
        { send, at: 'workflow' },
      ]);
      expect(said(answer!)).toBe('200 scheduled');
      await reminded(racing.id, 2);
      expect((await leftBy(world, racing.id)).timeline).toEqual([
        ...ACTIVATED,
        'reminder_due',
        'reschedule',
        'reminder_due',
      ]);
      expect(await reminders(racing.id)).toEqual([
        { scheduleVersion: 1, status: expect.stringMatching(/^(sent|voided)$/) },
        { scheduleVersion: 2, status: 'sent' },
      ]);
    },
  );
});

describe.concurrent('activation against expiry', () => {
  race('stored before start + 10 min: confirmed', 'activate_by', async ({ expect, soon }) => {
    const racing = await arrange(world, { stage: 'paid', soon });
    const send = ask(world, world.admin, racing, 'activate');
    await inOrder(world, rowOf(racing.id), racing, [
      { send, at: 'lock' },
      { clock: 'activate_by', at: 'workflow' },
    ]);
    await steps.until('decided', async () => (await steps.stored(world, racing.id)).activatedAt !== null);
    expect(said(await send.go())).toBe('200 confirmed'); // the first answer may have been 202: not decided yet
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'confirmed', hold: 'held' });
    expect(left.timeline).toEqual([...PAID, 'reminder_due', 'opening_due', 'activate']);
    expect(left.told).toEqual(expect.arrayContaining(['approved client', 'approved therapist']));
  });

  race(
    'the expiry first: the activation is too late, and the money is back',
    'activate_by',
    async ({ expect, soon }) => {
      const racing = await arrange(world, { stage: 'paid', soon });
      const send = ask(world, world.admin, racing, 'activate');
      const [answer] = await inOrder(world, rowOf(racing.id), racing, [
        { clock: 'activate_by', at: 'lock' },
        { send, at: 'end' },
      ]);
      expect(said(answer!)).toBe('409 already_over');
      const left = await leftBy(world, racing.id);
      expect(left).toMatchObject({ status: 'expired', reason: 'activation', ledger: [], hold: 'voided' });
      expect(left.timeline).toEqual([...PAID, 'reminder_due', 'opening_due', 'activation_window_over']);
      expect(left.told).not.toEqual(expect.arrayContaining([expect.stringMatching(/^approved /)]));
      expect(await moneyOf(world.db, racing)).toEqual({ wallet: 100_000, held: 0, earned: 0 });
    },
  );
});
