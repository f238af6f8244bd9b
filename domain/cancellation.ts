import { deadlinesOf } from './deadlines.js';
import { stepOf } from './money-limits.js';
import { shareOf } from './money.js';
import type { AppointmentRecord } from './record.js';
import type { ActorRole } from './types.js';

/** Why a cancellation costs what it costs. */
export type CancellationRule =
  | 'unpaid'
  | 'by_us' // the therapist or an admin cancels: all back
  | 'not_activated'
  | 'free' // early enough
  | 'late'
  | 'therapist_absent'
  | 'after_start'; // counts as a no-show of the client

/** What a cancel at this moment charges and returns; integer minor units that add up to the price paid. */
export interface CancellationQuote {
  chargeMinor: number;
  refundMinor: number;
  currency: string;
  rule: CancellationRule;
}

const WHOLE_BPS = 10_000;

function ruleOf(record: AppointmentRecord, at: number, role: ActorRole): CancellationRule {
  if (record.paidAt === null) return 'unpaid';
  if (role !== 'client') return 'by_us';
  if (record.activatedAt === null) return 'not_activated';
  const { policy, startsAt, therapist } = record;
  if (at <= startsAt - policy.freeCancellationMinutes * policy.minuteMs) return 'free';
  if (at < startsAt) return 'late';
  return therapist.joinedAt === null && at >= deadlinesOf(record).activateBy ? 'therapist_absent' : 'after_start';
}

/** The late fee, rounded half up to a step that providers can refund the rest of. */
function lateCharge(paidMinor: number, lateCancellationBps: number, currency: string): number {
  const step = stepOf(currency);
  return Math.min(paidMinor, shareOf(paidMinor, lateCancellationBps, WHOLE_BPS * step) * step);
}

/**
 * The money of a cancellation at `at` (epoch ms) by this role. The quote that people are shown and the cancel itself
 * both come from here, so they can't differ at one moment. Source: docs/lifecycle.md, "Money of cancellation".
 */
export function cancellationQuote(record: AppointmentRecord, at: number, role: ActorRole): CancellationQuote {
  const { priceMinor, currency, policy } = record;
  const rule = ruleOf(record, at, role);
  const paidMinor = rule === 'unpaid' ? 0 : priceMinor;
  const charges: Partial<Record<CancellationRule, number>> = {
    late: lateCharge(paidMinor, policy.lateCancellationBps, currency),
    after_start: paidMinor,
  };
  const chargeMinor = charges[rule] ?? 0;
  return { chargeMinor, refundMinor: paidMinor - chargeMinor, currency, rule };
}
