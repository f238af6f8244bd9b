import { expect, test } from 'vitest';
import type { AppointmentView, TimelineItem } from './api-types.js';
import { checkCost, checkOutcome, latenessByDeadline } from './demo-outcome.js';
import { NINE_LIVES, type Plan } from './demo-plan.js';

const END = '2026-11-24T15:00:15.000Z';
const byDuration = NINE_LIVES[1]!;
const byHand = NINE_LIVES[0]!;

function completed(plan: Plan): AppointmentView {
  const presence = { joinedAt: '2026-11-24T14:59:59.000Z', cameAt: '2026-11-24T14:59:59.500Z' };
  const hand = plan.end === 'by_hand';
  return {
    id: 'a1',
    status: 'completed',
    sessionMode: plan.mode,
    startsAt: '2026-11-24T15:00:00.000Z',
    endsAt: END,
    durationMinutes: 30,
    meetingLink: '',
    client: { id: 'c', name: 'C' },
    therapist: { id: 't', name: 'T' },
    price: { amountMinor: 4_998, currency: 'EUR' },
    payment: { status: 'completed', method: plan.method },
    isActivatedByAdmin: true,
    attendance: { client: presence, therapist: presence },
    outcome: hand
      ? { reason: 'ended_by_party', by: 'therapist', at: '2026-11-24T15:00:03.000Z' }
      : { reason: 'duration_over', by: 'system', at: END },
    deciding: false,
    payBy: END,
    hold: 'settled',
    policy: { minuteMs: 500, platformFeeBps: 2_000, lateCancellationBps: 5_000 },
    refunds: [],
    serverNow: END,
  };
}

function timelineOf(plan: Plan): TimelineItem[] {
  const kinds = ['booked', 'reminder_due', 'opening_due', plan.end === 'by_hand' ? 'end' : 'duration_over'];
  return kinds.map((kind) => ({
    kind,
    actor: { role: 'system', id: null },
    due: kind === 'booked' ? null : END,
    at: '2026-11-24T15:00:15.120Z',
    detail: {},
  }));
}

test('nine plans: every method with every mode, all with people of their own, one ended by hand', () => {
  expect(new Set(NINE_LIVES.map(({ method, mode }) => `${method}/${mode}`)).size).toBe(9);
  expect(new Set(NINE_LIVES.map(({ client }) => client.subject)).size).toBe(9);
  expect(new Set(NINE_LIVES.map(({ therapist }) => therapist.subject)).size).toBe(9);
  expect(NINE_LIVES.filter(({ end }) => end === 'by_hand')).toHaveLength(1);
});

test.each([byDuration, byHand])('a life as planned has no findings ($end)', (plan) => {
  expect(checkOutcome(plan, completed(plan), timelineOf(plan))).toEqual([]);
});

test('lateness is told by deadline, and only for deadlines', () => {
  expect(latenessByDeadline(timelineOf(byDuration))).toEqual({
    reminder_due: 120,
    opening_due: 120,
    duration_over: 120,
  });
  expect(latenessByDeadline(timelineOf(byHand))).toEqual({ reminder_due: 120, opening_due: 120 });
});

test.each<[string, Partial<AppointmentView>, RegExp]>([
  ['another status', { status: 'no_show' }, /status: no_show, not completed/],
  [
    'another reason',
    { outcome: { reason: 'ended_by_party', by: 'client', at: END } },
    /outcome: ended_by_party by client/,
  ],
  [
    'an end off its due time',
    { outcome: { reason: 'duration_over', by: 'system', at: '2026-11-24T15:00:15.120Z' } },
    /the end was at/,
  ],
  ['an unsettled hold', { hold: 'held' }, /hold: held, not settled/],
])('%s is found', (_, difference, finding) => {
  const findings = checkOutcome(byDuration, { ...completed(byDuration), ...difference }, timelineOf(byDuration));
  expect(findings.join('\n')).toMatch(finding);
});

test('a deadline that was never met is found', () => {
  const timeline = timelineOf(byDuration).filter(({ kind }) => kind !== 'reminder_due');
  expect(checkOutcome(byDuration, completed(byDuration), timeline)).toEqual([
    'deadlines met: opening_due duration_over, not reminder_due opening_due duration_over',
  ]);
});

test('the budget is 72 events and 12 tasks', () => {
  expect(checkCost({ events: 72, workflowTasks: 12 })).toEqual([]);
  expect(checkCost({ events: 73, workflowTasks: 13 })).toEqual([
    '73 workflow events, more than 72',
    '13 workflow tasks, more than 12',
  ]);
});
