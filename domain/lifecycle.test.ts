import { expect, test } from 'vitest';
import {
  ABSENT_AT,
  ACTIVATE_BY,
  ADMIN,
  BOOKED,
  CLIENT,
  END,
  makeRecord,
  START,
  T15,
  T5,
  THERAPIST,
} from '../tests/support/records.js';
import { EVENTS, type LifecycleEvent } from './events.js';
import { decide } from './gate.js';
import { GUARDS, type EventContext } from './guards.js';
import { RULES } from './lifecycle.js';
import type { Rule } from './rule.js';
import type { AppointmentRecord } from './record.js';
import { REFUSALS } from './refusals.js';
import { isTerminal, STATUSES, SYSTEM, type Status } from './types.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const MOMENTS = [
  START - DAY_MS,
  BOOKED,
  T15 - 1,
  T15,
  T5 - 1,
  T5,
  START - 1,
  START,
  ACTIVATE_BY,
  ABSENT_AT - 1,
  ABSENT_AT,
  END - 1,
  END,
];
const ACTORS = [
  CLIENT,
  THERAPIST,
  ADMIN,
  SYSTEM,
  { role: 'operator', id: null },
  { role: 'provider', id: null },
] as const;
const YES_NO = [true, false];

interface Case {
  status: Status;
  event: LifecycleEvent;
  record: AppointmentRecord;
  context: EventContext;
}

function recordsOf(status: Status): AppointmentRecord[] {
  const presence = (came: boolean) => ({ joinedAt: came ? T5 : null, cameAt: came ? T5 : null });
  return YES_NO.flatMap((paid) =>
    YES_NO.flatMap((activated) =>
      YES_NO.flatMap((client) =>
        YES_NO.map((therapist) =>
          makeRecord({
            status,
            paidAt: paid ? BOOKED : null,
            activatedAt: activated ? BOOKED : null,
            client: presence(client),
            therapist: presence(therapist),
          }),
        ),
      ),
    ),
  );
}

/** Every status and event, with every answer to every question that a guard may ask. */
function everyCase(): Case[] {
  return STATUSES.flatMap((status) =>
    recordsOf(status).flatMap((record) =>
      EVENTS.flatMap((event) =>
        MOMENTS.flatMap((at) =>
          ACTORS.flatMap((actor) =>
            besideOf(event, record).map((beside): Case => {
              const { context, ...changes } = beside;
              return { status, event, record: { ...record, ...changes }, context: { at, actor, ...context } };
            }),
          ),
        ),
      ),
    ),
  );
}

type Beside = Partial<AppointmentRecord> & { context?: Partial<EventContext> };

/** What only some events ask about: the new times of a move, a cancel's expectation, how long the therapist was there. */
function besideOf(event: LifecycleEvent, record: AppointmentRecord): Beside[] {
  const times = { startsAt: END + 1, endsAt: END + 2, minutes: 5 };
  const moves = ([null, 'slot_taken', 'own_overlap', 'outside_hours'] as const).map((refused) => ({
    ...times,
    refused,
  }));
  const moved: Beside[] = [...moves.map((move) => ({ context: { move } })), { context: {} }];
  switch (event) {
    case 'reschedule':
      return [...moved, { context: { move: moves[0]! }, reschedules: record.policy.maxReschedules }];
    case 'extend':
      return moved;
    case 'cancel':
      return [{}, { context: { expectedRefundMinor: -1 } }];
    case 'end':
    case 'duration_over':
      return [{}, { therapistStretches: [{ from: T5, to: START }] }];
    default:
      return [{}];
  }
}

const CASES = everyCase();

function ruleFor({ event, status, record, context }: Case): Rule | undefined {
  return RULES.find(
    (rule) =>
      rule.event === event &&
      rule.from.includes(status) &&
      (rule.when ?? []).every((name) => GUARDS[name](record, context)),
  );
}

test('every status x event has a verdict, whatever the record and the moment', () => {
  const missing = new Set(
    CASES.filter((one) => ruleFor(one) === undefined).map(({ event, status }) => `${event} on ${status}`),
  );
  expect([...missing]).toEqual([]);
});

test('the gate agrees with the table and throws on nothing', () => {
  for (const { event, record, context } of CASES.filter((_, index) => index % 7 === 0)) {
    expect(() => decide(record, event, context)).not.toThrow();
  }
});

test('every row of the table decides something: none is hidden by one above it', () => {
  const used = new Set(CASES.map(ruleFor));
  const hidden = RULES.filter((rule) => !used.has(rule)).map(
    ({ event, from, when }) => `${event} from ${from.join('/')} when ${(when ?? []).join(', ')}`,
  );
  expect(hidden).toEqual([]);
});

test('nothing leaves a terminal status', () => {
  const left = CASES.filter(({ status }) => isTerminal(status)).filter(({ event, record, context }) => {
    const decision = decide(record, event, context);
    return (
      decision.allowed && (decision.record.status !== record.status || decision.effects.length > 0 || !decision.quiet)
    );
  });
  expect(left.map(({ event, status }) => `${event} on ${status}`)).toEqual([]);
});

test('every terminal status comes with a reason, and only a terminal one', () => {
  for (const { then } of RULES) {
    if ('refuse' in then) continue;
    expect(then.reason !== undefined).toBe(then.to !== 'same' && isTerminal(then.to));
  }
});

test('every ending frees the lease and voids what is unsent', () => {
  for (const { event, then } of RULES) {
    if ('refuse' in then || then.to === 'same' || !isTerminal(then.to)) continue;
    const does = (then.does ?? []).map((effect) => effect.do);
    expect(does, event).toEqual(expect.arrayContaining(['free_lease', 'void_unsent', 'notify']));
  }
});

test('every guard and every refusal that the table names exists', () => {
  for (const { when, then } of RULES) {
    for (const name of when ?? []) expect(GUARDS).toHaveProperty([name]);
    if ('refuse' in then) expect(REFUSALS).toHaveProperty([then.refuse]);
  }
});

test('a decision never changes the record that it was asked about', () => {
  const record = Object.freeze(makeRecord());
  const decision = decide(record, 'payment_settled', { at: BOOKED, actor: CLIENT });
  expect(decision).toMatchObject({ allowed: true, record: { paidAt: BOOKED } });
  expect(record.paidAt).toBeNull();
});
