import { expect, test } from 'vitest';
import {
  BOOKED,
  END,
  makeActivated,
  makeConfirmed,
  makeInProgress,
  makeOver,
  makePaid,
  makeRecord,
  PAY_BY,
  START,
  T5,
} from '../tests/support/records.js';
import { advance } from './advance.js';
import { joinVerdict } from './join.js';
import type { AppointmentRecord } from './record.js';
import { REFUSALS } from './refusals.js';
import type { Participant } from './types.js';

const BOTH: Participant[] = ['client', 'therapist'];

function verdictOf(record: AppointmentRecord, participant: Participant, now: number, busyWith: string | null = null) {
  return joinVerdict(advance(record, now), participant, now, busyWith);
}

test.each<[string, AppointmentRecord, number]>([
  ['payment_required', makeRecord(), BOOKED],
  ['deciding', makeRecord(), PAY_BY],
  ['awaiting_activation', makePaid(), T5],
  ['too_early', makeActivated(), T5 - 1],
  ['already_over', makeOver('cancelled'), START],
  ['already_over', makeInProgress({ client: true, therapist: true }), END],
  ['already_over', makeInProgress({ client: true }), END],
])('%s is what both are told', (code, record, now) => {
  for (const participant of BOTH) {
    const [message, remedy] = REFUSALS[code as keyof typeof REFUSALS];
    expect(verdictOf(record, participant, now)).toEqual({
      canJoin: false,
      action: 'join',
      code,
      message,
      remedy,
      opensAt: T5,
      blockingAppointmentId: null,
    });
  }
});

test.each<[string, AppointmentRecord, number]>([
  ['at T-5 on the millisecond, before any worker', makeActivated(), T5],
  ['once confirmed', makeConfirmed(), T5],
  ['again while it runs', makeInProgress({ client: true, therapist: true }), END - 1],
])('both may join %s', (_, record, now) => {
  for (const participant of BOTH) {
    expect(verdictOf(record, participant, now)).toMatchObject({
      canJoin: true,
      code: null,
      remedy: null,
      message: 'The room is open.',
    });
  }
});

test('a therapist who holds another session is told which, and the client joins', () => {
  const other = '00000000-0000-4000-8000-000000000002';
  expect(verdictOf(makeConfirmed(), 'therapist', START, other)).toMatchObject({
    canJoin: false,
    code: 'therapist_busy',
    blockingAppointmentId: other,
  });
  expect(verdictOf(makeConfirmed(), 'client', START, other)).toMatchObject({
    canJoin: true,
    code: null,
    blockingAppointmentId: null,
  });
});

test('another session is named only where it is what stands in the way', () => {
  const other = '00000000-0000-4000-8000-000000000002';
  expect(verdictOf(makeActivated(), 'therapist', T5 - 1, other)).toMatchObject({
    code: 'too_early',
    blockingAppointmentId: null,
  });
});

test('a forced confirmation opens at once', () => {
  const forced = makeConfirmed({ forcedAt: BOOKED + 5, openedAt: BOOKED + 5 });
  expect(verdictOf(forced, 'client', BOOKED + 5)).toMatchObject({ canJoin: true, opensAt: BOOKED + 5 });
});

test('a chat is opened, not joined', () => {
  expect(verdictOf(makeConfirmed({ sessionMode: 'chat' }), 'client', START)).toMatchObject({
    canJoin: true,
    action: 'open_chat',
    message: 'The conversation is open.',
  });
  expect(verdictOf(makeActivated({ sessionMode: 'audio' }), 'client', T5)).toMatchObject({
    canJoin: true,
    action: 'join',
  });
});
