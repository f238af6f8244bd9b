import { describe, expect, test } from 'vitest';
import {
  ABSENT_AT,
  ACTIVATE_BY,
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
  T15,
  T5,
  THERAPIST,
} from '../tests/support/records.js';
import type { Effect, LifecycleEvent } from './events.js';
import { decide } from './gate.js';
import type { AppointmentRecord } from './record.js';
import { SYSTEM, type Actor } from './types.js';

/** docs/lifecycle.md row by row: what happens to a record, and what the world hears of it. */
interface Row {
  name: string;
  record: AppointmentRecord;
  event: LifecycleEvent;
  at: number;
  actor?: Actor;
  gives: Partial<AppointmentRecord> | { refused: string };
  does?: string[];
}

const said = (effect: Effect): string =>
  effect.do === 'notify' ? `${effect.kind} -> ${effect.to.join(', ')}` : effect.do;
const CLOSING = ['free_lease', 'void_unsent'];
const ENDED = ['settle_hold', 'completed -> client, therapist', ...CLOSING];
const MISSED = 'no_show -> client, therapist';
const PROVIDER: Actor = { role: 'provider', id: null };

function check(rows: Row[]): void {
  test.each(rows.map((row) => [row.name, row] as const))(
    '%s',
    (_, { record, event, at, actor = SYSTEM, gives, does = [] }) => {
      const decision = decide(record, event, { at, actor });
      expect(decision.effects.map(said)).toEqual(does);
      if ('refused' in gives) expect(decision).toMatchObject({ allowed: false, code: gives.refused });
      else expect(decision).toMatchObject({ allowed: true, record: gives });
    },
  );
}

describe('payment', () => {
  const paidFor = ['fund_and_hold', 'payment_received -> client', 'approval_pending -> therapist'];
  check([
    {
      name: 'a payment in time is funded, held and told',
      record: makeRecord(),
      event: 'payment_settled',
      at: PAY_BY - 1,
      actor: PROVIDER,
      gives: { status: 'scheduled', paidAt: PAY_BY - 1 },
      does: paidFor,
    },
    {
      name: 'after T-15 the admins are alerted as well',
      record: makeRecord(),
      event: 'payment_settled',
      at: T15,
      actor: PROVIDER,
      gives: { paidAt: T15 },
      does: [...paidFor, 'activation_alert -> admins'],
    },
    {
      name: 'a millisecond before T-15 they are not',
      record: makeRecord(),
      event: 'payment_settled',
      at: T15 - 1,
      actor: PROVIDER,
      gives: { paidAt: T15 - 1 },
      does: paidFor,
    },
    {
      name: 'money for a paid one comes back',
      record: makePaid(),
      event: 'payment_settled',
      at: BOOKED,
      actor: PROVIDER,
      gives: { refused: 'already_paid' },
      does: ['return_late_money'],
    },
    {
      name: 'money during the session comes back',
      record: makeConfirmed(),
      event: 'payment_settled',
      at: START,
      actor: PROVIDER,
      gives: { refused: 'already_paid' },
      does: ['return_late_money'],
    },
    {
      name: 'money after the end comes back',
      record: makeOver('expired'),
      event: 'payment_settled',
      at: END,
      actor: PROVIDER,
      gives: { refused: 'already_over' },
      does: ['return_late_money'],
    },
    {
      name: 'the payment window expires an unpaid booking',
      record: makeRecord(),
      event: 'payment_window_over',
      at: PAY_BY,
      gives: { status: 'expired', outcome: { reason: 'payment', by: 'system', at: PAY_BY } },
      does: ['expired_payment -> client', ...CLOSING],
    },
    {
      name: 'the payment window means nothing to a paid one',
      record: makePaid(),
      event: 'payment_window_over',
      at: PAY_BY,
      gives: { status: 'scheduled' },
    },
  ]);
});

describe('activation', () => {
  const approved = ['approved -> client, therapist'];
  check([
    {
      name: 'a paid one is activated',
      record: makePaid(),
      event: 'activate',
      at: T5 - 1,
      actor: ADMIN,
      gives: { status: 'scheduled', activatedAt: T5 - 1 },
      does: approved,
    },
    {
      name: 'from T-5 on activation confirms',
      record: makePaid(),
      event: 'activate',
      at: T5,
      actor: ADMIN,
      gives: { status: 'confirmed', activatedAt: T5, openedAt: T5 },
      does: approved,
    },
    {
      name: 'an unpaid one is refused and nothing else changes',
      record: makeRecord(),
      event: 'activate',
      at: BOOKED,
      actor: ADMIN,
      gives: { refused: 'payment_required' },
    },
    {
      name: 'again: success, nothing happens',
      record: makeActivated(),
      event: 'activate',
      at: T5,
      actor: ADMIN,
      gives: { status: 'scheduled', activatedAt: BOOKED + 2 * MINUTE },
    },
    {
      name: 'on a confirmed one: success, nothing happens',
      record: makeConfirmed(),
      event: 'activate',
      at: START,
      actor: ADMIN,
      gives: { status: 'confirmed' },
    },
    {
      name: 'after a terminal status it is refused',
      record: makeOver('expired'),
      event: 'activate',
      at: END,
      actor: ADMIN,
      gives: { refused: 'already_over' },
    },
    {
      name: 'it is taken back until T-5',
      record: makeActivated(),
      event: 'deactivate',
      at: T5 - 1,
      actor: ADMIN,
      gives: { status: 'scheduled', activatedAt: null },
      does: ['approval_taken_back -> therapist'],
    },
    {
      name: 'from T-5 on it is not taken back',
      record: makeActivated(),
      event: 'deactivate',
      at: T5,
      actor: ADMIN,
      gives: { refused: 'too_late' },
    },
    {
      name: 'a confirmed one is not taken back',
      record: makeConfirmed(),
      event: 'deactivate',
      at: T5,
      actor: ADMIN,
      gives: { refused: 'too_late' },
    },
    {
      name: 'taking back what was never given changes nothing',
      record: makePaid(),
      event: 'deactivate',
      at: T5,
      actor: ADMIN,
      gives: { activatedAt: null },
    },
    {
      name: 'start + 10 min expires what nobody activated',
      record: makePaid(),
      event: 'activation_window_over',
      at: ACTIVATE_BY,
      gives: { status: 'expired', outcome: { reason: 'activation', by: 'system', at: ACTIVATE_BY } },
      does: ['void_hold', 'expired_activation -> client, therapist', ...CLOSING],
    },
    {
      name: 'start + 10 min means nothing to an activated one',
      record: makeActivated(),
      event: 'activation_window_over',
      at: ACTIVATE_BY,
      gives: { status: 'scheduled' },
    },
  ]);
});

describe('forced confirmation', () => {
  check([
    {
      name: 'confirms and activates at once; T-15 and T-5 fall away',
      record: makePaid(),
      event: 'force_confirm',
      at: BOOKED + 5,
      actor: ADMIN,
      gives: {
        status: 'confirmed',
        activatedAt: BOOKED + 5,
        forcedAt: BOOKED + 5,
        remindedAt: BOOKED + 5,
        openedAt: BOOKED + 5,
      },
      does: ['void_unsent', 'opened_early -> client, therapist'],
    },
    {
      name: 'keeps an earlier activation',
      record: makeActivated(),
      event: 'force_confirm',
      at: T15,
      actor: ADMIN,
      gives: { status: 'confirmed', activatedAt: BOOKED + 2 * MINUTE, forcedAt: T15 },
      does: ['void_unsent', 'opened_early -> client, therapist'],
    },
    {
      name: 'payment is still required',
      record: makeRecord(),
      event: 'force_confirm',
      at: T5,
      actor: ADMIN,
      gives: { refused: 'payment_required' },
    },
    {
      name: 'of a confirmed one: success, nothing happens',
      record: makeConfirmed(),
      event: 'force_confirm',
      at: START,
      actor: ADMIN,
      gives: { status: 'confirmed', forcedAt: null },
    },
    {
      name: 'of one that is over is refused',
      record: makeOver('cancelled'),
      event: 'force_confirm',
      at: START,
      actor: ADMIN,
      gives: { refused: 'already_over' },
    },
  ]);
});

describe('approach', () => {
  check([
    {
      name: 'T-15 writes a reminder for whoever it turns out to be for',
      record: makeRecord(),
      event: 'reminder_due',
      at: T15,
      gives: { status: 'scheduled', remindedAt: T15 },
      does: ['t15 -> client, therapist, admins'],
    },
    {
      name: 'T-15 means nothing once confirmed',
      record: makeConfirmed(),
      event: 'reminder_due',
      at: T15,
      gives: { status: 'confirmed' },
    },
    {
      name: 'T-5 confirms an activated one',
      record: makeActivated(),
      event: 'opening_due',
      at: T5,
      gives: { status: 'confirmed', openedAt: T5 },
      does: ['t5 -> client, therapist'],
    },
    {
      name: 'T-5 tells the client of a paid one that it awaits approval',
      record: makePaid(),
      event: 'opening_due',
      at: T5,
      gives: { status: 'scheduled', openedAt: T5 },
      does: ['t5 -> client'],
    },
    {
      name: 'T-5 passes an unpaid one in silence',
      record: makeRecord(),
      event: 'opening_due',
      at: T5,
      gives: { status: 'scheduled', openedAt: T5 },
    },
  ]);
});

describe('session', () => {
  const both = makeInProgress({ client: true, therapist: true });
  check([
    {
      name: 'the first join begins it',
      record: makeConfirmed(),
      event: 'join',
      at: T5,
      actor: CLIENT,
      gives: { status: 'in_progress' },
    },
    {
      name: 'a join again changes nothing',
      record: both,
      event: 'join',
      at: START,
      actor: CLIENT,
      gives: { status: 'in_progress' },
    },
    {
      name: 'an unpaid one is not joined',
      record: makeRecord(),
      event: 'join',
      at: T5,
      actor: CLIENT,
      gives: { refused: 'payment_required' },
    },
    {
      name: 'one that awaits approval is not joined',
      record: makePaid(),
      event: 'join',
      at: T5,
      actor: CLIENT,
      gives: { refused: 'awaiting_activation' },
    },
    {
      name: 'one that is not open is not joined',
      record: makeActivated(),
      event: 'join',
      at: T5 - 1,
      actor: CLIENT,
      gives: { refused: 'too_early' },
    },
    {
      name: 'one that is over is not joined',
      record: makeOver('completed'),
      event: 'join',
      at: END,
      actor: CLIENT,
      gives: { refused: 'already_over' },
    },
    {
      name: 'leaving keeps the session',
      record: both,
      event: 'leave',
      at: START,
      actor: CLIENT,
      gives: { status: 'in_progress' },
    },
    {
      name: 'leaving before it opened is refused',
      record: makeActivated(),
      event: 'leave',
      at: BOOKED,
      actor: CLIENT,
      gives: { refused: 'not_started' },
    },
    {
      name: 'either party ends it when both came',
      record: both,
      event: 'end',
      at: START + 1,
      actor: CLIENT,
      gives: { status: 'completed', outcome: { reason: 'ended_by_party', by: 'client', at: START + 1 } },
      does: ENDED,
    },
    {
      name: 'before anybody came nobody ends it',
      record: makeConfirmed(),
      event: 'end',
      at: START,
      actor: CLIENT,
      gives: { refused: 'not_started' },
    },
    {
      name: 'who never came does not end it',
      record: makeInProgress({ therapist: true }),
      event: 'end',
      at: ABSENT_AT,
      actor: CLIENT,
      gives: { refused: 'not_started' },
    },
    {
      name: 'the only one there ends it too soon: it counts as leaving',
      record: makeInProgress({ client: true }),
      event: 'end',
      at: ABSENT_AT - 1,
      actor: CLIENT,
      gives: { status: 'in_progress', outcome: null },
    },
    {
      name: 'the client waited alone: the therapist is absent, money back',
      record: makeInProgress({ client: true }),
      event: 'end',
      at: ABSENT_AT,
      actor: CLIENT,
      gives: { status: 'no_show', outcome: { reason: 'therapist_absent', by: 'client', at: ABSENT_AT } },
      does: ['void_hold', MISSED, ...CLOSING],
    },
    {
      name: 'the therapist waited alone: the client is absent and charged',
      record: makeInProgress({ therapist: true }),
      event: 'end',
      at: ABSENT_AT,
      actor: THERAPIST,
      gives: { status: 'no_show', outcome: { reason: 'client_absent', by: 'therapist', at: ABSENT_AT } },
      does: ['settle_hold', MISSED, ...CLOSING],
    },
    {
      name: 'the end of the duration completes it when both came',
      record: both,
      event: 'duration_over',
      at: END,
      gives: { status: 'completed', outcome: { reason: 'duration_over', by: 'system', at: END } },
      does: ENDED,
    },
    {
      name: 'the end without the therapist',
      record: makeInProgress({ client: true }),
      event: 'duration_over',
      at: END,
      gives: { status: 'no_show', outcome: { reason: 'therapist_absent', by: 'system', at: END } },
      does: ['void_hold', MISSED, ...CLOSING],
    },
    {
      name: 'the end without the client',
      record: makeInProgress({ therapist: true }),
      event: 'duration_over',
      at: END,
      gives: { status: 'no_show', outcome: { reason: 'client_absent', by: 'system', at: END } },
      does: ['settle_hold', MISSED, ...CLOSING],
    },
    {
      name: 'the end when nobody came',
      record: makeConfirmed(),
      event: 'duration_over',
      at: END,
      gives: { status: 'no_show', outcome: { reason: 'both_absent', by: 'system', at: END } },
      does: ['void_hold', MISSED, ...CLOSING],
    },
    {
      name: 'ending what is over is refused',
      record: makeOver('no_show'),
      event: 'end',
      at: END,
      actor: CLIENT,
      gives: { refused: 'already_over' },
    },
  ]);
});
