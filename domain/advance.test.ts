import { describe, expect, test } from 'vitest';
import {
  ACTIVATE_BY,
  END,
  makeActivated,
  makeConfirmed,
  makeInProgress,
  makeOver,
  makePaid,
  makePolicy,
  makeRecord,
  MINUTE,
  PAY_BY,
  START,
  T15,
  T5,
} from '../tests/support/records.js';
import { advance, needsEvidence, nextDue, nextWakeUp, pendingDeadlines } from './advance.js';
import { spreadWakeAt } from './deadlines.js';
import type { AppointmentRecord } from './record.js';

/** Status and whether it is being decided, a millisecond before, at and after a deadline. */
function around(record: AppointmentRecord, due: number): string[] {
  return [due - 1, due, due + 1].map((now) => {
    const view = advance(record, now);
    return view.deciding ? `${view.record.status}, deciding` : view.record.status;
  });
}

const joinedAt = (at: number) => ({ joinedAt: at, cameAt: null });

describe('the clock decides, to the millisecond', () => {
  test.each<[string, AppointmentRecord, number, string, string]>([
    ['the payment window waits for the provider', makeRecord(), PAY_BY, 'scheduled', 'scheduled, deciding'],
    ['the payment window means nothing to a paid one', makePaid(), PAY_BY, 'scheduled', 'scheduled'],
    ['T-15 changes no status', makeActivated(), T15, 'scheduled', 'scheduled'],
    ['T-5 confirms an activated one', makeActivated(), T5, 'scheduled', 'confirmed'],
    ['T-5 leaves one that is not activated', makePaid(), T5, 'scheduled', 'scheduled'],
    ['start + 10 min expires what nobody activated', makePaid(), ACTIVATE_BY, 'scheduled', 'expired'],
    [
      'a stored activation keeps it undecided',
      makePaid({ pendingActivationAt: ACTIVATE_BY }),
      ACTIVATE_BY,
      'scheduled',
      'scheduled, deciding',
    ],
    [
      'an activation after the deadline does not',
      makePaid({ pendingActivationAt: ACTIVATE_BY + 1 }),
      ACTIVATE_BY,
      'scheduled',
      'expired',
    ],
    ['the first join begins it', makeConfirmed({ client: joinedAt(START) }), START, 'confirmed', 'in_progress'],
    [
      'the end completes what both came to',
      makeInProgress({ client: true, therapist: true }),
      END,
      'in_progress',
      'completed',
    ],
    [
      'the end waits for the room’s record of who came',
      makeInProgress({ client: true }),
      END,
      'in_progress',
      'in_progress, deciding',
    ],
    ['the end of what nobody joined waits too', makeConfirmed(), END, 'confirmed', 'confirmed, deciding'],
    ['an end never moves one that is over', makeOver('cancelled'), END, 'cancelled', 'cancelled'],
  ])('%s', (_, record, due, before, from) => {
    expect(around(record, due)).toEqual([before, from, from]);
  });
});

test('a reader who was away sees everything that is due at once, each at its own time', () => {
  const came = { joinedAt: T5 + 1, cameAt: T5 + 2 };
  const { record, deciding } = advance(makeActivated({ client: came, therapist: came }), END + 5);
  expect({ deciding, ...record }).toMatchObject({
    deciding: false,
    status: 'completed',
    remindedAt: T15,
    openedAt: T5,
    outcome: { reason: 'duration_over', by: 'system', at: END },
  });
});

test('advancing twice is advancing once', () => {
  for (const record of [makeRecord(), makePaid(), makeActivated(), makeConfirmed(), makeInProgress({ client: true })]) {
    for (const now of [PAY_BY, T15, T5, ACTIVATE_BY, END]) {
      const once = advance(record, now);
      expect(advance(once.record, now)).toEqual(once);
    }
  }
});

test('deadlines come in their order, and none once it is over', () => {
  expect(pendingDeadlines(makeRecord()).map(({ event }) => event)).toEqual([
    'payment_window_over',
    'reminder_due',
    'opening_due',
  ]);
  expect(pendingDeadlines(makePaid()).map(({ event }) => event)).toEqual([
    'reminder_due',
    'opening_due',
    'activation_window_over',
  ]);
  expect(pendingDeadlines(makeConfirmed()).map(({ event }) => event)).toEqual(['duration_over']);
  expect(pendingDeadlines(makeOver('completed'))).toEqual([]);
  expect(nextDue(makeRecord(), PAY_BY - 1)).toBeNull();
  expect(nextDue(makeRecord(), PAY_BY)).toEqual({ event: 'payment_window_over', due: PAY_BY });
});

test('T-15 and T-5 that had elapsed at the booking are never due', () => {
  const late = makePaid({
    createdAt: START - 3 * MINUTE,
    remindedAt: START - 3 * MINUTE,
    openedAt: START - 3 * MINUTE,
  });
  expect(pendingDeadlines(late).map(({ event }) => event)).toEqual(['activation_window_over']);
});

test.each<
  [
    string,
    AppointmentRecord,
    'payment_window_over' | 'duration_over' | 'activation_window_over' | 'opening_due',
    number,
    boolean,
  ]
>([
  ['expiry for want of payment, always', makeRecord(), 'payment_window_over', PAY_BY, true],
  ['the end when both came, never', makeInProgress({ client: true, therapist: true }), 'duration_over', END, false],
  ['the end when one came', makeInProgress({ therapist: true }), 'duration_over', END, true],
  ['the end when nobody came', makeConfirmed(), 'duration_over', END, true],
  ['expiry unactivated', makePaid(), 'activation_window_over', ACTIVATE_BY, false],
  [
    'expiry unactivated with an activation in time',
    makePaid({ pendingActivationAt: ACTIVATE_BY }),
    'activation_window_over',
    ACTIVATE_BY,
    true,
  ],
  [
    'expiry unactivated with one a millisecond late',
    makePaid({ pendingActivationAt: ACTIVATE_BY + 1 }),
    'activation_window_over',
    ACTIVATE_BY,
    false,
  ],
  ['T-5', makeActivated(), 'opening_due', T5, false],
])('evidence is needed for: %s', (_, record, event, due, needed) => {
  expect(needsEvidence(record, { event, due })).toBe(needed);
});

describe('what the workflow sleeps for', () => {
  test('the earliest deadline, without spread at its due time', () => {
    expect(nextWakeUp(makeRecord())).toEqual({ event: 'payment_window_over', due: PAY_BY, wakeAt: PAY_BY });
    expect(nextWakeUp(makePaid({ policy: makePolicy({ wakeSpreadMs: 0 }) }))).toEqual({
      event: 'reminder_due',
      due: T15,
      wakeAt: T15,
    });
    expect(nextWakeUp(makeActivated({ remindedAt: T15 }))).toEqual({ event: 'opening_due', due: T5, wakeAt: T5 });
    expect(nextWakeUp(makePaid({ remindedAt: T15, openedAt: T5 }))).toEqual({
      event: 'activation_window_over',
      due: ACTIVATE_BY,
      wakeAt: ACTIVATE_BY,
    });
    expect(nextWakeUp(makeConfirmed())).toEqual({ event: 'duration_over', due: END, wakeAt: END });
    expect(nextWakeUp(makeOver('expired'))).toBeNull();
  });

  const policy = makePolicy({ wakeSpreadMs: 60_000 });

  test('spread, T-15 wakes up early by a fixed share; T-5 is kept on its second', () => {
    const record = makeActivated({ policy });
    const reminder = nextWakeUp(record)!;
    expect(reminder).toEqual({ event: 'reminder_due', due: T15, wakeAt: spreadWakeAt(record, T15) });
    expect(reminder.wakeAt).toBeLessThan(T15);
    expect(reminder.wakeAt).toBeGreaterThan(T15 - 60_000);
    expect(nextWakeUp({ ...record, remindedAt: T15 })).toEqual({ event: 'opening_due', due: T5, wakeAt: T5 });
  });

  test('a spread T-15 comes before a payment window that is due a little earlier', () => {
    const record = makeRecord({ createdAt: T15 - 31 * MINUTE, policy: makePolicy({ wakeSpreadMs: 20 * MINUTE }) });
    expect(spreadWakeAt(record, T15)).toBeLessThan(T15 - MINUTE);
    expect(nextWakeUp(record)).toEqual({ event: 'reminder_due', due: T15, wakeAt: spreadWakeAt(record, T15) });
  });

  test('the payment window and the end are never spread', () => {
    expect(nextWakeUp(makeRecord({ policy }))!.wakeAt).toBe(PAY_BY);
    expect(nextWakeUp(makeInProgress({ client: true }, { policy }))!.wakeAt).toBe(END);
  });
});

test('the clock acts as the system and names no person', () => {
  const { record } = advance(makePaid(), ACTIVATE_BY);
  expect(record.outcome).toEqual({ reason: 'activation', by: 'system', at: ACTIVATE_BY });
});
