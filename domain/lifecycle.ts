import type { Effect, LifecycleEvent } from './events.js';
import type { GuardName } from './guards.js';
import type { RefusalCode } from './refusals.js';
import type { OutcomeReason, Status } from './types.js';

/** Instants of the record that a rule sets to the moment of its event, or clears. */
export type Stamp = 'paidAt' | 'activatedAt' | 'forcedAt' | 'remindedAt' | 'openedAt';

/** What a rule leads to: a transition (perhaps to the same status), or a refusal (perhaps with effects). */
export type Verdict =
  | {
      to: Status | 'same';
      set?: Stamp[];
      clear?: Stamp[];
      reason?: OutcomeReason;
      /** Takes over the new times of the event: a new start with its deadlines, or a later end. */
      moves?: 'start' | 'end';
      does?: Effect[];
      quiet?: true;
    }
  | { refuse: RefusalCode; does?: Effect[] };

/** One row of the table. The first row whose `event`, `from` and every `when` match decides. */
export interface Rule {
  event: LifecycleEvent;
  from: readonly Status[];
  when?: readonly GuardName[];
  then: Verdict;
}

const OVER = ['completed', 'cancelled', 'expired', 'no_show'] as const;
const LIVE = ['confirmed', 'in_progress'] as const;
const ALL = ['scheduled', ...LIVE, ...OVER] as const;

const tell = (
  kind: Extract<Effect, { do: 'notify' }>['kind'],
  ...to: Extract<Effect, { do: 'notify' }>['to']
): Effect => ({
  do: 'notify',
  kind,
  to,
});
/** Nothing changes and nobody is told: the event has lost its meaning, or happened already. */
const nothing: Verdict = { to: 'same', quiet: true };
const closing = (...more: Effect[]): Effect[] => [...more, { do: 'free_lease' }, { do: 'void_unsent' }];
const completed = (reason: OutcomeReason): Verdict => ({
  to: 'completed',
  reason,
  does: closing({ do: 'settle_hold' }, tell('completed', 'client', 'therapist')),
});
const noShow = (reason: OutcomeReason, money: 'settle_hold' | 'void_hold'): Verdict => ({
  to: 'no_show',
  reason,
  does: closing({ do: money }, tell('no_show', 'client', 'therapist')),
});

/** Completed, but not charged: the therapist was hardly there. */
const left: Verdict = {
  to: 'completed',
  reason: 'therapist_left',
  does: closing({ do: 'void_hold' }, tell('completed', 'client', 'therapist')),
};
const cancelled = (...audience: ('client' | 'therapist')[]): Verdict => ({
  to: 'cancelled',
  reason: 'cancelled',
  does: closing({ do: 'charge_cancellation' }, tell('cancelled', ...audience)),
});

const PAYMENT: Rule[] = [
  {
    event: 'payment_settled',
    from: ['scheduled'],
    when: ['unpaid', 'T-15 has elapsed'],
    then: {
      to: 'same',
      set: ['paidAt'],
      does: [
        { do: 'fund_and_hold' },
        tell('payment_received', 'client'),
        tell('approval_pending', 'therapist'),
        tell('activation_alert', 'admins'),
      ],
    },
  },
  {
    event: 'payment_settled',
    from: ['scheduled'],
    when: ['unpaid'],
    then: {
      to: 'same',
      set: ['paidAt'],
      does: [{ do: 'fund_and_hold' }, tell('payment_received', 'client'), tell('approval_pending', 'therapist')],
    },
  },
  {
    event: 'payment_settled',
    from: ['scheduled', ...LIVE],
    then: { refuse: 'already_paid', does: [{ do: 'return_late_money' }] },
  },
  { event: 'payment_settled', from: OVER, then: { refuse: 'already_over', does: [{ do: 'return_late_money' }] } },
  {
    event: 'payment_window_over',
    from: ['scheduled'],
    when: ['unpaid'],
    then: { to: 'expired', reason: 'payment', does: closing(tell('expired_payment', 'client')) },
  },
  { event: 'payment_window_over', from: ALL, then: nothing },
];

const ACTIVATION: Rule[] = [
  { event: 'activate', from: ['scheduled'], when: ['unpaid'], then: { refuse: 'payment_required' } },
  { event: 'activate', from: ['scheduled'], when: ['activated'], then: nothing },
  {
    event: 'activate',
    from: ['scheduled'],
    when: ['T-5 has come'],
    then: { to: 'confirmed', set: ['activatedAt', 'openedAt'], does: [tell('approved', 'client', 'therapist')] },
  },
  {
    event: 'activate',
    from: ['scheduled'],
    then: { to: 'same', set: ['activatedAt'], does: [tell('approved', 'client', 'therapist')] },
  },
  { event: 'activate', from: LIVE, then: nothing },
  { event: 'activate', from: OVER, then: { refuse: 'already_over' } },
  { event: 'deactivate', from: ['scheduled'], when: ['not activated'], then: nothing },
  { event: 'deactivate', from: ['scheduled'], when: ['T-5 has come'], then: { refuse: 'too_late' } },
  {
    event: 'deactivate',
    from: ['scheduled'],
    then: { to: 'same', clear: ['activatedAt'], does: [tell('approval_taken_back', 'therapist')] },
  },
  { event: 'deactivate', from: LIVE, then: { refuse: 'too_late' } },
  { event: 'deactivate', from: OVER, then: { refuse: 'already_over' } },
  { event: 'force_confirm', from: ['scheduled'], when: ['unpaid'], then: { refuse: 'payment_required' } },
  {
    event: 'force_confirm',
    from: ['scheduled'],
    then: {
      to: 'confirmed',
      set: ['activatedAt', 'forcedAt', 'remindedAt', 'openedAt'],
      does: [{ do: 'void_unsent' }, tell('opened_early', 'client', 'therapist')],
    },
  },
  { event: 'force_confirm', from: LIVE, then: nothing },
  { event: 'force_confirm', from: OVER, then: { refuse: 'already_over' } },
  {
    event: 'activation_window_over',
    from: ['scheduled'],
    when: ['paid', 'not activated'],
    then: {
      to: 'expired',
      reason: 'activation',
      does: closing({ do: 'void_hold' }, tell('expired_activation', 'client', 'therapist')),
    },
  },
  { event: 'activation_window_over', from: ALL, then: nothing },
];

const APPROACH: Rule[] = [
  {
    event: 'reminder_due',
    from: ['scheduled'],
    then: { to: 'same', set: ['remindedAt'], does: [tell('t15', 'client', 'therapist', 'admins')] },
  },
  { event: 'reminder_due', from: ALL, then: nothing },
  {
    event: 'opening_due',
    from: ['scheduled'],
    when: ['paid', 'activated'],
    then: { to: 'confirmed', set: ['openedAt'], does: [tell('t5', 'client', 'therapist')] },
  },
  {
    event: 'opening_due',
    from: ['scheduled'],
    when: ['paid'],
    then: { to: 'same', set: ['openedAt'], does: [tell('t5', 'client')] },
  },
  { event: 'opening_due', from: ['scheduled'], then: { to: 'same', set: ['openedAt'] } },
  { event: 'opening_due', from: ALL, then: nothing },
];

const LEFT = 'the therapist was there for less than half of the time';

const SESSION: Rule[] = [
  { event: 'join', from: ['scheduled'], when: ['unpaid'], then: { refuse: 'payment_required' } },
  { event: 'join', from: ['scheduled'], when: ['not activated'], then: { refuse: 'awaiting_activation' } },
  { event: 'join', from: ['scheduled'], then: { refuse: 'too_early' } },
  { event: 'join', from: ['confirmed'], then: { to: 'in_progress' } },
  { event: 'join', from: ['in_progress'], then: { to: 'same' } },
  { event: 'join', from: OVER, then: { refuse: 'already_over' } },
  { event: 'leave', from: ['scheduled'], then: { refuse: 'not_started' } },
  { event: 'leave', from: LIVE, then: { to: 'same' } },
  { event: 'leave', from: OVER, then: { refuse: 'already_over' } },
  { event: 'end', from: ['scheduled', 'confirmed'], then: { refuse: 'not_started' } },
  { event: 'end', from: ['in_progress'], when: ['both came', LEFT], then: left },
  { event: 'end', from: ['in_progress'], when: ['both came'], then: completed('ended_by_party') },
  { event: 'end', from: ['in_progress'], when: ['who ends it did not come'], then: { refuse: 'not_started' } },
  { event: 'end', from: ['in_progress'], when: ['before start + 15 min'], then: { to: 'same' } },
  {
    event: 'end',
    from: ['in_progress'],
    when: ['only the client came'],
    then: noShow('therapist_absent', 'void_hold'),
  },
  {
    event: 'end',
    from: ['in_progress'],
    when: ['only the therapist came'],
    then: noShow('client_absent', 'settle_hold'),
  },
  { event: 'end', from: OVER, then: { refuse: 'already_over' } },
  { event: 'duration_over', from: LIVE, when: ['both came', LEFT], then: left },
  { event: 'duration_over', from: LIVE, when: ['both came'], then: completed('duration_over') },
  { event: 'duration_over', from: LIVE, when: ['only the client came'], then: noShow('therapist_absent', 'void_hold') },
  {
    event: 'duration_over',
    from: LIVE,
    when: ['only the therapist came'],
    then: noShow('client_absent', 'settle_hold'),
  },
  { event: 'duration_over', from: LIVE, when: ['nobody came'], then: noShow('both_absent', 'void_hold') },
  { event: 'duration_over', from: ALL, then: nothing },
];

const MOVED_TO = ['client', 'therapist'] as const;

const CHANGES: Rule[] = [
  { event: 'cancel', from: OVER, then: { refuse: 'already_over' } },
  { event: 'cancel', from: ['in_progress'], when: ['by an admin'], then: cancelled('client', 'therapist') },
  { event: 'cancel', from: ['in_progress'], then: { refuse: 'use_end' } },
  {
    event: 'cancel',
    from: ['scheduled', 'confirmed'],
    when: ['the quote has changed'],
    then: { refuse: 'quote_changed' },
  },
  {
    event: 'cancel',
    from: ['scheduled', 'confirmed'],
    when: ['it counts as a no-show'],
    then: noShow('client_absent', 'settle_hold'),
  },
  { event: 'cancel', from: ['scheduled', 'confirmed'], when: ['paid'], then: cancelled('client', 'therapist') },
  { event: 'cancel', from: ['scheduled', 'confirmed'], then: cancelled('client') },
  { event: 'reschedule', from: OVER, then: { refuse: 'already_over' } },
  { event: 'reschedule', from: LIVE, then: { refuse: 'too_late' } },
  { event: 'reschedule', from: ['scheduled'], when: ['T-5 has come'], then: { refuse: 'too_late' } },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['by the client', 'later than 24 h before the start'],
    then: { refuse: 'too_late' },
  },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['by the client', 'moved three times already'],
    then: { refuse: 'reschedule_limit' },
  },
  { event: 'reschedule', from: ['scheduled'], when: ['the new start has passed'], then: { refuse: 'too_late' } },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['the therapist does not work then'],
    then: { refuse: 'outside_hours' },
  },
  { event: 'reschedule', from: ['scheduled'], when: ['the new slot is taken'], then: { refuse: 'slot_taken' } },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['the client has another at the new time'],
    then: { refuse: 'own_overlap' },
  },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['paid'],
    then: { to: 'same', moves: 'start', does: [{ do: 'void_unsent' }, tell('rescheduled', ...MOVED_TO)] },
  },
  {
    event: 'reschedule',
    from: ['scheduled'],
    then: { to: 'same', moves: 'start', does: [{ do: 'void_unsent' }, tell('rescheduled', 'client')] },
  },
  { event: 'extend', from: OVER, then: { refuse: 'already_over' } },
  { event: 'extend', from: ['scheduled', 'confirmed'], then: { refuse: 'not_in_progress' } },
  { event: 'extend', from: ['in_progress'], when: ['no new times can be read'], then: { refuse: 'message_malformed' } },
  { event: 'extend', from: ['in_progress'], when: ['the new slot is taken'], then: { refuse: 'slot_taken' } },
  {
    event: 'extend',
    from: ['in_progress'],
    when: ['the client has another at the new time'],
    then: { refuse: 'own_overlap' },
  },
  {
    event: 'extend',
    from: ['in_progress'],
    then: { to: 'same', moves: 'end', does: [{ do: 'extend_lease' }, tell('extended', ...MOVED_TO)] },
  },
];

/** The whole life after the booking as one table. docs/lifecycle.md prints it; domain/gate.ts is its one reader. */
export const RULES: readonly Rule[] = [...PAYMENT, ...ACTIVATION, ...APPROACH, ...SESSION, ...CHANGES];
