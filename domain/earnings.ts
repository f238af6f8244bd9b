import { decimalsOf } from './major-units.js';
import { shareOf } from './money.js';

/** What a refund takes back from a session's earning; integer minor units >= 0, `feeMinor + netMinor` = its amount. */
export interface Reversal {
  feeMinor: number;
  netMinor: number;
}

/**
 * Fee and net of the next partial reversal of a session's earning. The fee is rounded half up on the cumulative total,
 * so that the parts of any split sum to the fee and the net of the whole.
 * @param grossMinor what the session earned, with `feeMinor` of it for the platform
 * @param reversedGrossMinor what was reversed before (>= 0), with `reversedFeeMinor` of it from the fee
 * @param amountMinor how much of the gross is reversed now
 * @throws RangeError when more is reversed than was earned
 */
export function reversalOf(
  grossMinor: number,
  feeMinor: number,
  reversedGrossMinor: number,
  reversedFeeMinor: number,
  amountMinor: number,
): Reversal {
  const reversedMinor = reversedGrossMinor + amountMinor;
  const amounts = [grossMinor, feeMinor, reversedGrossMinor, reversedFeeMinor, amountMinor];
  if (!amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0) || feeMinor > grossMinor) {
    throw new RangeError(`amounts must be integers >= 0 and the fee within the gross, got ${amounts.join(', ')}`);
  }
  if (reversedMinor > grossMinor) throw new RangeError(`${reversedMinor} reversed of ${grossMinor} earned`);
  if (amountMinor === 0) return { feeMinor: 0, netMinor: 0 };
  const fee = shareOf(feeMinor, reversedMinor, grossMinor) - reversedFeeMinor;
  return { feeMinor: fee, netMinor: amountMinor - fee };
}

/** How payouts reach therapists: a file for the bank, or transfers to their Stripe accounts. */
export const PAYOUT_RAILS = ['csv', 'stripe_connect'] as const;
export type PayoutRailName = (typeof PAYOUT_RAILS)[number];
export const PAYOUT_STATUSES = ['pending', 'sent', 'failed'] as const;
export type PayoutStatus = (typeof PAYOUT_STATUSES)[number];

/** Stripe's amounts of three decimals end in 0. https://docs.stripe.com/currencies#three-decimal */
const STRIPE_STEP_MINOR = 10;

/** How much of a sum (> 0) the rail can carry; the rest waits for the next payout. */
export function payablePart(sumMinor: number, currency: string, rail: PayoutRailName): number {
  const needsStep = rail === 'stripe_connect' && decimalsOf(currency) === 3;
  return needsStep ? sumMinor - (sumMinor % STRIPE_STEP_MINOR) : sumMinor;
}
