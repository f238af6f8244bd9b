import { describe, expect, test } from 'vitest';
import {
  ABSENT_AT,
  ADMIN,
  BOOKED,
  CLIENT,
  END,
  makeActivated,
  makeConfirmed,
  makeInProgress,
  makeOver,
  makePaid,
  makeRecord,
  MINUTE,
  PAY_BY,
  START,
  T5,
  THERAPIST,
} from '../tests/support/records.js';
import { advance } from './advance.js';
import { allowedActions } from './allowed-actions.js';
import type { AppointmentRecord } from './record.js';
import type { Actor, Role } from './types.js';

type Person = Actor & { role: Role };
const free: Parameters<typeof allowedActions>[3] = { busyWith: null, reviewable: false };
const actions = (record: AppointmentRecord, actor: Actor, now: number, beside = free) =>
  allowedActions(advance(record, now), actor as Person, now, beside);

describe('the client', () => {
  test('pays while unpaid and in the window, to the millisecond', () => {
    expect(actions(makeRecord(), CLIENT, PAY_BY - 1)).toEqual(['pay', 'cancel']);
    expect(actions(makeRecord(), CLIENT, PAY_BY)).toEqual([]);
    expect(actions(makeRecord({ hold: 'held' }), CLIENT, BOOKED)).toEqual(['cancel', 'reschedule']);
  });

  test('joins from T-5 on, leaves once joined, ends once there', () => {
    expect(actions(makeActivated(), CLIENT, T5 - 1)).toEqual(['cancel']);
    expect(actions(makeActivated(), CLIENT, T5)).toEqual(['join', 'cancel']);
    expect(actions(makeInProgress({ therapist: true }), CLIENT, START)).toEqual(['join']);
    expect(actions(makeInProgress({ client: true, therapist: true }), CLIENT, START)).toEqual(['join', 'leave', 'end']);
    expect(actions(makeInProgress({ client: true }), CLIENT, ABSENT_AT)).toEqual(['join', 'leave', 'end']);
    expect(actions(makeInProgress({ client: true, therapist: true }), CLIENT, END)).toEqual([]);
  });

  test('reviews what is reviewable', () => {
    expect(actions(makeOver('completed'), CLIENT, END, { ...free, reviewable: true })).toEqual(['review']);
    expect(actions(makeOver('completed'), CLIENT, END)).toEqual([]);
    expect(actions(makeOver('completed'), THERAPIST, END, { ...free, reviewable: true })).toEqual([]);
  });
});

test('a therapist who holds another session can’t join', () => {
  expect(actions(makeConfirmed(), THERAPIST, START)).toEqual(['join', 'cancel']);
  expect(actions(makeConfirmed(), THERAPIST, START, { ...free, busyWith: 'another' })).toEqual(['cancel']);
  expect(actions(makeConfirmed(), CLIENT, START, { ...free, busyWith: 'another' })).toEqual(['join', 'cancel']);
});

test('an admin activates what is paid, takes it back until T-5, and may force; nothing twice', () => {
  expect(actions(makeRecord(), ADMIN, BOOKED)).toEqual(['cancel', 'reschedule']);
  expect(actions(makePaid(), ADMIN, T5 - MINUTE)).toEqual(['activate', 'force_confirm', 'cancel', 'reschedule']);
  expect(actions(makeActivated(), ADMIN, T5 - 1)).toEqual(['deactivate', 'force_confirm', 'cancel', 'reschedule']);
  expect(actions(makeActivated(), ADMIN, T5)).toEqual(['cancel']);
  for (const status of ['completed', 'cancelled', 'expired', 'no_show'] as const)
    expect(actions(makeOver(status), ADMIN, END)).toEqual([]);
});

test('a session under way is extended by the therapist or an admin, and cancelled by an admin alone', () => {
  expect(actions(makeInProgress({ client: true, therapist: true }), THERAPIST, START)).toEqual([
    'join',
    'leave',
    'end',
    'extend',
  ]);
  expect(actions(makeInProgress({ client: true }), ADMIN, START)).toEqual(['cancel', 'extend']);
});

test('nobody can do anything while the end is being decided', () => {
  for (const actor of [CLIENT, THERAPIST, ADMIN]) {
    expect(actions(makeRecord(), actor, PAY_BY)).toEqual([]);
    expect(actions(makeInProgress({ client: true }), actor, END)).toEqual([]);
  }
});
