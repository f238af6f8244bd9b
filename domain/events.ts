/** What can happen to an appointment after it is booked. Messages come from people and providers, deadlines from the clock. */
export const MESSAGE_EVENTS = [
  'payment_settled',
  'activate',
  'deactivate',
  'force_confirm',
  'join',
  'leave',
  'end',
  'cancel',
  'reschedule',
  'extend',
] as const;
export const DEADLINE_EVENTS = [
  'payment_window_over',
  'reminder_due',
  'opening_due',
  'activation_window_over',
  'duration_over',
] as const;
export const EVENTS = [...MESSAGE_EVENTS, ...DEADLINE_EVENTS] as const;

export type MessageEvent = (typeof MESSAGE_EVENTS)[number];
export type DeadlineEvent = (typeof DEADLINE_EVENTS)[number];
export type LifecycleEvent = (typeof EVENTS)[number];

/** Kinds of notification. `t15` and `t5` are decided when they are claimed for sending, the others when written. */
export const NOTIFICATION_KINDS = [
  'booking_made',
  'payment_received',
  'approval_pending',
  'activation_alert',
  'approved',
  'opened_early',
  'approval_taken_back',
  't15',
  't5',
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
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** What a transition does beside changing the status; the commit carries these out in its own transaction. */
export type Effect =
  | { do: 'fund_and_hold' } // provider money to the client's wallet, then the hold (wallet: the hold exists)
  | { do: 'return_late_money' } // credited, or the wallet's hold voided; it never books
  | { do: 'settle_hold' }
  | { do: 'void_hold' }
  | { do: 'charge_cancellation' } // what the quote says is charged, the rest goes back
  | { do: 'extend_lease' }
  | { do: 'free_lease' }
  | { do: 'void_unsent' } // reminders that lost their meaning
  | { do: 'notify'; kind: NotificationKind; to: ('client' | 'therapist' | 'admins')[] };
