/** The words of the business. Source: docs/lifecycle.md. Instants are epoch milliseconds UTC, money integer minor units. */

export const STATUSES = [
  'scheduled',
  'confirmed',
  'in_progress',
  'completed',
  'cancelled',
  'expired',
  'no_show',
] as const;
/** Public status of an appointment; the last four are terminal. */
export type Status = (typeof STATUSES)[number];

const TERMINAL: readonly Status[] = ['completed', 'cancelled', 'expired', 'no_show'];

/** True when nothing but a review, a refund or a dispute can happen any more. */
export function isTerminal(status: Status): boolean {
  return TERMINAL.includes(status);
}

export const SESSION_MODES = ['video', 'audio', 'chat'] as const;
export type SessionMode = (typeof SESSION_MODES)[number];

export const PAYMENT_METHODS = ['wallet', 'stripe', 'razorpay'] as const;
export type PaymentMethod = (typeof PAYMENT_METHODS)[number];

export const PAYMENT_STATUSES = [
  'pending',
  'processing',
  'completed',
  'failed',
  'refunded',
  'partially_refunded',
  'disputed',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const HOLD_STATUSES = ['none', 'held', 'settled', 'voided'] as const;
export type HoldStatus = (typeof HOLD_STATUSES)[number];

export const ROLES = ['client', 'therapist', 'admin'] as const;
export type Role = (typeof ROLES)[number];
/** The two who meet. */
export type Participant = 'client' | 'therapist';

/** Who did something: a person by role and id, an operator (Temporal UI), a provider, or the clock. */
export type ActorRole = Role | 'operator' | 'provider' | 'system';
export interface Actor {
  role: ActorRole;
  /** Person id, or null where nobody signed in (operator, provider, system). */
  id: string | null;
}

/** The clock and the workflow acting by themselves. */
export const SYSTEM: Actor = { role: 'system', id: null };

export const OUTCOME_REASONS = [
  'duration_over',
  'ended_by_party',
  'payment',
  'activation',
  'client_absent',
  'therapist_absent',
  'both_absent',
  'therapist_left',
  'cancelled',
] as const;
/** Why a terminal status was reached. */
export type OutcomeReason = (typeof OUTCOME_REASONS)[number];

export interface Outcome {
  reason: OutcomeReason;
  by: ActorRole;
  at: number;
}

/** One participant's attendance. `joinedAt`: first join call; `cameAt`: first connection to the room (chat: the join). */
export interface Presence {
  joinedAt: number | null;
  cameAt: number | null;
}
