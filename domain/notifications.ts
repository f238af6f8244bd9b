import type { View } from './advance.js';
import { deadlinesOf } from './deadlines.js';
import type { NotificationKind } from './events.js';
import { isTerminal, type Role } from './types.js';

export type Channel = 'email' | 'sms' | 'in_app';

const ALL_CHANNELS: readonly Channel[] = ['email', 'sms', 'in_app'];
const QUIET_CHANNELS: readonly Channel[] = ['email', 'in_app'];
/** Kinds that someone must see within minutes go by SMS too. */
const URGENT: readonly NotificationKind[] = ['t15', 't5', 'expired_activation', 'cancelled', 'rescheduled'];

/** Which ways a kind goes to a role. Admins get no SMS. */
export function channelsOf(kind: NotificationKind, role: Role): readonly Channel[] {
  return role !== 'admin' && URGENT.includes(kind) ? ALL_CHANNELS : QUIET_CHANNELS;
}

/** Kinds that mean nothing once the appointment is over or its times have changed: voided in that transaction. */
export const LOSES_MEANING: readonly NotificationKind[] = [
  't15',
  't5',
  'activation_alert',
  'approval_pending',
  'approved',
  'opened_early',
];

/**
 * Kinds that come again at the same times of an appointment, and are told each time: a second extension, another refund. Of
 * every other kind one telling is enough.
 */
export const RECURS: readonly NotificationKind[] = [
  'extended',
  'approved',
  'approval_taken_back',
  'late_money_returned',
  'refund_completed',
  'refund_to_wallet',
  'dispute_opened',
  'dispute_closed',
];

/** The text a notification becomes when it is claimed for sending. */
export const TEMPLATES = [
  'booking_made',
  'payment_received',
  'approval_pending',
  'activation_alert',
  'approved',
  'approved_open',
  'approval_taken_back',
  'session_reminder',
  'payment_reminder',
  'join_open',
  'awaiting_approval',
  'expired_payment',
  'expired_activation',
  'completed',
  'no_show',
  'late_money_returned',
  'cancelled',
  'rescheduled',
  'extended',
  'refund_completed',
  'refund_to_wallet',
  'dispute_opened',
  'dispute_closed',
] as const;
export type Template = (typeof TEMPLATES)[number];

/** From T-5 on one is told that Join is open: a reminder that comes that late says nothing. */
function reminder({ record }: View, role: Role): Template | null {
  if (record.activatedAt !== null) return role === 'admin' || record.status !== 'scheduled' ? null : 'session_reminder';
  const paidInTime = record.paidAt !== null && record.paidAt < deadlinesOf(record).remindAt;
  if (record.paidAt !== null) return role === 'admin' && paidInTime ? 'activation_alert' : null; // else paying alerted
  return role === 'client' ? 'payment_reminder' : null;
}

function opening({ record }: View, role: Role): Template | null {
  if (record.status === 'confirmed' || record.status === 'in_progress') return role === 'admin' ? null : 'join_open';
  return role === 'client' && record.paidAt !== null ? 'awaiting_approval' : null;
}

/** Nothing is sent for a cancelled session but its cancellation and what becomes of its money. */
const AFTER_CANCELLATION: readonly NotificationKind[] = [
  'cancelled',
  'refund_completed',
  'refund_to_wallet',
  'late_money_returned',
  'dispute_opened',
  'dispute_closed',
];

/**
 * Decides, as the relay claims a row, what it is by the appointment of that moment: a text, or null for nothing (it
 * has lost its meaning). Source: docs/lifecycle.md, "Who is told".
 */
export function templateAtClaim(kind: NotificationKind, role: Role, view: View): Template | null {
  const { record, deciding } = view;
  const over = isTerminal(record.status);
  if (record.status === 'cancelled' && !AFTER_CANCELLATION.includes(kind)) return null;
  switch (kind) {
    case 't15':
      return over || deciding ? null : reminder(view, role);
    case 't5':
      return over || deciding ? null : opening(view, role);
    case 'approved':
      if (over || record.activatedAt === null) return null;
      return record.status === 'scheduled' ? 'approved' : 'approved_open';
    case 'opened_early':
      return over ? null : 'approved_open';
    case 'approval_pending':
    case 'activation_alert':
      return over || record.activatedAt !== null ? null : kind;
    default:
      return kind;
  }
}
