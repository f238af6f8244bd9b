import { PAYMENT_STATUSES, STATUSES } from './types.js';

/** What can be told of an appointment's change; the trigger of its table says the same words. */
export const APPOINTMENT_CHANGES = [
  'booked',
  'paid',
  'activated',
  'deactivated',
  'rescheduled',
  'extended',
  'client_joined',
  'therapist_joined',
  'client_came',
  'therapist_came',
  ...STATUSES.filter((status) => status !== 'scheduled'),
] as const;

export const REFUND_STATUSES = ['pending', 'processing', 'completed', 'refused'] as const;

/** Every type of outgoing event. */
export const WEBHOOK_TYPES: readonly string[] = [
  ...APPOINTMENT_CHANGES.map((change) => `appointment.${change}`),
  ...PAYMENT_STATUSES.map((status) => `payment.${status}`),
  ...REFUND_STATUSES.map((status) => `refund.${status}`),
];

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Pauses after the first try and each later one that failed: ten tries within some three days. */
export const WEBHOOK_RETRIES_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

const JITTER = 0.2;

/**
 * How long to wait after try number `attempts` (from 1) failed, ms; null when it was the last. `chance` in [0, 1) spreads
 * those that failed together by a fifth each way.
 */
export function webhookPause(attempts: number, chance: number, retriesMs = WEBHOOK_RETRIES_MS): number | null {
  const pauseMs = retriesMs[attempts - 1];
  return pauseMs === undefined ? null : Math.round(pauseMs * (1 - JITTER + 2 * JITTER * chance));
}
