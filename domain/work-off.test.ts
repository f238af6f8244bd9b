import { describe, expect, test } from 'vitest';
import {
  ABSENT_AT,
  ACTIVATE_BY,
  ADMIN,
  CLIENT,
  END,
  makeActivated,
  makeConfirmed,
  makeInProgress,
  makePaid,
  makePolicy,
  makeRecord,
  PAY_BY,
  START,
  T15,
  T5,
  THERAPIST,
} from '../tests/support/records.js';
import { spreadWakeAt } from './deadlines.js';
import type { MessageEvent } from './events.js';
import type { AppointmentRecord } from './record.js';
import type { Actor } from './types.js';
import { workOff, type StoredMessage } from './work-off.js';

let count = 0;
function message(event: MessageEvent, receivedAt: number, actor: Actor = ADMIN): StoredMessage {
  count += 1;
  return { id: `message-${count}`, event, actor, receivedAt };
}

const PROVIDER: Actor = { role: 'provider', id: null };
const money = (receivedAt: number) => message('payment_settled', receivedAt, PROVIDER);

/** What happened in its order: an event, or an event and its refusal. */
function told(record: AppointmentRecord, messages: StoredMessage[], now: number): string[] {
  return workOff(record, messages, now).steps.map(({ decision }) =>
    decision.allowed ? decision.event : `${decision.event}: ${decision.code}`,
  );
}

describe('money and the payment window', () => {
  test('money before the end of the window pays', () => {
    expect(told(makeRecord(), [money(PAY_BY - 1)], PAY_BY)).toEqual(['payment_settled']);
  });
  test('money at the same instant pays', () => {
    expect(told(makeRecord(), [money(PAY_BY)], PAY_BY)).toEqual(['payment_settled']);
  });
  test('money after it pays too while the expiry is undecided', () => {
    const { record } = workOff(makeRecord(), [money(PAY_BY + 60_000)], PAY_BY + 60_000);
    expect(record).toMatchObject({ status: 'scheduled', paidAt: PAY_BY + 60_000 });
  });
  test('money after the expiry was decided comes back', () => {
    const { record } = workOff(makeRecord(), [], PAY_BY);
    expect(record.status).toBe('expired');
    expect(told(record, [money(PAY_BY + 1)], PAY_BY + 1)).toEqual(['payment_settled: already_over']);
  });
  test('an activation that came before the money stays refused, whichever came after the window', () => {
    const messages = [message('activate', PAY_BY + 1), money(PAY_BY + 2), message('activate', PAY_BY + 3)];
    expect(told(makeRecord(), messages, PAY_BY + 5)).toEqual([
      'activate: payment_required',
      'payment_settled',
      'activate',
    ]);
  });
  test('of two payments the first books and the second comes back', () => {
    expect(told(makeRecord(), [money(PAY_BY - 2), money(PAY_BY - 1)], PAY_BY)).toEqual([
      'payment_settled',
      'payment_settled: already_paid',
    ]);
  });
});

describe('activation and its deadline', () => {
  const paid = makePaid({ remindedAt: T15, openedAt: T5 });
  test.each<[string, number, string[]]>([
    ['before', ACTIVATE_BY - 1, ['activate']],
    ['at the same instant', ACTIVATE_BY, ['activate']],
    ['a millisecond after', ACTIVATE_BY + 1, ['activation_window_over', 'activate: already_over']],
  ])('an activation stored %s, both worked off long after', (_, receivedAt, expected) => {
    expect(
      told({ ...paid, pendingActivationAt: receivedAt }, [message('activate', receivedAt)], ACTIVATE_BY + 60_000),
    ).toEqual(expected);
  });
  test('an activation before T-5 that is worked off after it confirms by the clock', () => {
    const { record } = workOff(makePaid({ remindedAt: T15 }), [message('activate', T5 - 1)], T5 + 1);
    expect(record).toMatchObject({ status: 'confirmed', activatedAt: T5 - 1, openedAt: T5 });
  });
  test('at T-5 itself the activation is first and confirms', () => {
    expect(told(makePaid({ remindedAt: T15 }), [message('activate', T5)], T5)).toEqual(['activate']);
  });
  test('taken back at T-5 to the millisecond is too late, a millisecond before it is not', () => {
    const activated = makeActivated({ remindedAt: T15 });
    expect(told(activated, [message('deactivate', T5)], T5)).toEqual(['deactivate: too_late', 'opening_due']);
    expect(told(activated, [message('deactivate', T5 - 1)], T5)).toEqual(['deactivate', 'opening_due']);
  });
});

describe('joins and the clock that let them in', () => {
  test('a join at T-5 to the millisecond comes after the opening', () => {
    const record = makeActivated({ remindedAt: T15, client: { joinedAt: T5, cameAt: null } });
    expect(told(record, [message('join', T5, CLIENT)], T5)).toEqual(['opening_due', 'join']);
  });
  test('a join without its message begins the session by the row', () => {
    const record = makeConfirmed({ client: { joinedAt: START, cameAt: null } });
    expect(workOff(record, [], START).record.status).toBe('in_progress');
  });
  test('a therapist’s end after a join that no worker had seen ends it', () => {
    const came = { joinedAt: T5, cameAt: T5 };
    const record = makeActivated({ remindedAt: T15, client: came, therapist: came });
    const { record: after, steps } = workOff(
      record,
      [message('join', T5 + 1, CLIENT), message('end', START, THERAPIST)],
      START,
    );
    expect(after).toMatchObject({
      status: 'completed',
      outcome: { reason: 'ended_by_party', by: 'therapist', at: START },
    });
    expect(steps.map(({ actor }) => actor.role)).toEqual(['system', 'system', 'client', 'therapist']);
  });
});

test('days without a worker are worked off in the order in which they happened', () => {
  const messages = [money(PAY_BY - 1), message('activate', PAY_BY), message('activate', T15)];
  const { record, steps } = workOff(makeRecord(), messages, END);
  expect(steps.map(({ decision }) => `${decision.event} ${decision.at}`)).toEqual([
    `payment_settled ${PAY_BY - 1}`,
    `activate ${PAY_BY}`,
    `activate ${T15}`,
    `reminder_due ${T15}`,
    `opening_due ${T5}`,
    `duration_over ${END}`,
  ]);
  expect(record).toMatchObject({ status: 'no_show', outcome: { reason: 'both_absent' } });
});

test('working off what has been worked off does nothing', () => {
  const { record } = workOff(makeRecord(), [money(PAY_BY - 1)], T5);
  expect(workOff(record, [], T5)).toEqual({ record, steps: [], needs: null, prepareOpening: false });
});

describe('evidence', () => {
  test('the provider is asked before an expiry, and not again once it was', () => {
    const open = makeRecord({ openProviderPayment: true });
    expect(workOff(open, [], PAY_BY)).toMatchObject({ needs: 'payment', steps: [], record: { status: 'scheduled' } });
    expect(workOff({ ...open, paymentCheckedAt: PAY_BY - 1 }, [], PAY_BY).needs).toBe('payment');
    expect(workOff({ ...open, paymentCheckedAt: PAY_BY }, [], PAY_BY)).toMatchObject({
      needs: null,
      record: { status: 'expired' },
    });
  });
  test('the room’s record is read before the end where it may tell more', () => {
    const alone = makeInProgress({ client: true });
    expect(workOff(alone, [], END)).toMatchObject({ needs: 'attendance', steps: [] });
    expect(workOff({ ...alone, attendanceReadAt: END }, [], END)).toMatchObject({
      needs: null,
      record: { status: 'no_show' },
    });
    expect(workOff(makeInProgress({ client: true, therapist: true }), [], END)).toMatchObject({
      needs: null,
      record: { status: 'completed' },
    });
  });
  test('a chat, or a session that never had a room, has nothing to read', () => {
    for (const changes of [{ sessionMode: 'chat' as const }, { roomAlive: false }]) {
      expect(workOff(makeInProgress({ client: true }, changes), [], END)).toMatchObject({
        needs: null,
        record: { status: 'no_show' },
      });
    }
  });
  test('who ends it waits for the room’s record too, and what came after waits behind', () => {
    const messages = [
      message('leave', START, THERAPIST),
      message('end', ABSENT_AT, CLIENT),
      message('leave', ABSENT_AT + 1, CLIENT),
    ];
    const { needs, steps } = workOff(makeInProgress({ client: true }), messages, ABSENT_AT + 2);
    expect(needs).toBe('attendance');
    expect(steps.map(({ decision }) => decision.event)).toEqual(['leave']);
  });
});

describe('spread', () => {
  const record = makeActivated({ policy: makePolicy({ wakeSpreadMs: 60_000 }) });
  test('T-15 is worked off early with its own due time', () => {
    const early = spreadWakeAt(record, T15);
    expect(workOff(record, [], early - 1).steps).toEqual([]);
    const { steps, record: after } = workOff(record, [], early);
    expect(steps.map(({ decision }) => [decision.event, decision.at])).toEqual([['reminder_due', T15]]);
    expect(after.status).toBe('scheduled');
  });
  test('once T-15 is worked off and the price paid, T-5’s rows are prepared; no status changes', () => {
    const reminded = { ...record, remindedAt: T15 };
    const early = spreadWakeAt(record, T15);
    expect(workOff(record, [], early - 1).prepareOpening).toBe(false);
    expect(workOff(record, [], early)).toMatchObject({ prepareOpening: true, record: { status: 'scheduled' } });
    expect(workOff({ ...reminded, paidAt: null }, [], early).prepareOpening).toBe(false);
    expect(workOff({ ...reminded, openingPreparedAt: early }, [], early).prepareOpening).toBe(false);
  });
});
