import { expect, test } from 'vitest';
import {
  ABSENT_AT,
  ADMIN,
  CLIENT,
  makeActivated,
  makeInProgress,
  makePaid,
  makeRecord,
  START,
  T15,
  T5,
  THERAPIST,
} from '../tests/support/records.js';
import { GUARDS, type GuardName } from './guards.js';
import type { AppointmentRecord } from './record.js';
import { SYSTEM, type Actor } from './types.js';

const holds = (name: GuardName, record: AppointmentRecord, at: number, actor: Actor = SYSTEM): boolean =>
  GUARDS[name](record, { at, actor });

test.each<[GuardName, number, boolean[]]>([
  ['T-15 has elapsed', T15, [false, true, true]],
  ['T-5 has come', T5, [false, true, true]],
  ['before start + 15 min', ABSENT_AT, [true, false, false]],
  ['before the start', START, [true, false, false]],
])('"%s" turns at its millisecond', (name, edge, expected) => {
  expect([edge - 1, edge, edge + 1].map((at) => holds(name, makeRecord(), at))).toEqual(expected);
});

test('paid and unpaid, activated and not, are each other’s opposites', () => {
  for (const record of [makeRecord(), makePaid(), makeActivated()]) {
    expect(holds('paid', record, START)).toBe(!holds('unpaid', record, START));
    expect(holds('activated', record, START)).toBe(!holds('not activated', record, START));
  }
  expect(holds('paid', makePaid(), START)).toBe(true);
  expect(holds('activated', makePaid(), START)).toBe(false);
  expect(holds('activated', makeActivated(), START)).toBe(true);
});

test.each<[string, { client?: boolean; therapist?: boolean }, GuardName]>([
  ['both', { client: true, therapist: true }, 'both came'],
  ['the client', { client: true }, 'only the client came'],
  ['the therapist', { therapist: true }, 'only the therapist came'],
  ['nobody', {}, 'nobody came'],
])('of the four answers to who came, %s gives one', (_, came, expected) => {
  const names: GuardName[] = ['both came', 'only the client came', 'only the therapist came', 'nobody came'];
  expect(names.filter((name) => holds(name, makeInProgress(came), START))).toEqual([expected]);
});

test('coming is being connected, not having asked to join', () => {
  const record = makeInProgress({}, { client: { joinedAt: T5, cameAt: null } });
  expect(holds('nobody came', record, START)).toBe(true);
  expect(holds('who ends it came', record, START, CLIENT)).toBe(false);
});

test('who ends it came is asked of that participant, and never holds for others', () => {
  const record = makeInProgress({ client: true });
  const came = [CLIENT, THERAPIST, ADMIN, SYSTEM].map((actor) => holds('who ends it came', record, START, actor));
  expect(came).toEqual([true, false, false, false]);
  const absent = [CLIENT, THERAPIST, ADMIN, SYSTEM].map((actor) =>
    holds('who ends it did not come', record, START, actor),
  );
  expect(absent).toEqual([false, true, true, true]);
});
