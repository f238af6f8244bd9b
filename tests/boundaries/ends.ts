import type { Expected } from './life.js';

/** How lives end, and what was said and written on the way: the expectations that their transitions share. */

export const over = (status: string, reason: string) => ({ ended: 'over', status, reason });

export const BOOKED = ['booked'] as const;
export const PAID = ['booked', 'payment_settled'] as const;
export const ACTIVE = [...PAID, 'activate'] as const;
export const OPEN = [...ACTIVE, 'reminder_due', 'opening_due'] as const;
export const TOLD_PAID = ['approval_pending', 'approved', 'booking_made', 'payment_received'];
export const TOLD_OPEN = [...TOLD_PAID, 't15', 't5'];

export const nobodyCame = (timeline: readonly string[], told: readonly string[]): Expected => ({
  result: over('no_show', 'both_absent'),
  timeline: [...timeline, 'duration_over'],
  wallet: 100_000,
  earned: 0,
  told: [...told, 'no_show'],
});

export const neverActivated = (timeline: readonly string[], told: readonly string[]): Expected => ({
  result: over('expired', 'activation'),
  timeline: [...timeline, 'activation_window_over'],
  wallet: 100_000,
  earned: 0,
  told: [...told, 'expired_activation'],
});

/** A session of so many minutes at 60.00 an hour, a fifth of it the fee. */
export const completed = (
  reason: string,
  timeline: readonly string[],
  of: number,
  told: readonly string[],
): Expected => ({
  result: over('completed', reason),
  timeline,
  wallet: 100_000 - of * 100,
  earned: of * 80,
  told: [...told, 'completed'],
});

/** Nobody paid until the start. */
export const EXPIRED_UNPAID: Expected = {
  result: over('expired', 'payment'),
  timeline: [...BOOKED, 'reminder_due', 'opening_due', 'payment_window_over'],
  wallet: 100_000,
  told: ['booking_made', 'expired_payment', 't15'],
};
