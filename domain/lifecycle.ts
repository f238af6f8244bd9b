import { CHANGES } from './change-rules.js';
import { ALL, closing, completed, left, LIVE, noShow, nothing, OVER, tell, type Rule } from './rule.js';

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

/** The whole life after the booking as one table. docs/lifecycle.md prints it; domain/gate.ts is its one reader. */
export const RULES: readonly Rule[] = [...PAYMENT, ...ACTIVATION, ...APPROACH, ...SESSION, ...CHANGES];
