import { decimalsOf } from './major-units.js';
import { priceOf } from './money.js';
import type { PaymentMethod } from './types.js';

/** What the payment providers charge at all: amounts below their minimum are refused at the checkout, too late for us. */
export type ProviderMethod = Exclude<PaymentMethod, 'wallet'>;

/**
 * Minor units. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts; the three-decimal ones are not
 * listed there and are our own floor above half a dollar.
 */
const STRIPE_MINIMUM: Record<string, number> = {
  AED: 200,
  AUD: 50,
  BHD: 200,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  CZK: 1_500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  INR: 50,
  JOD: 400,
  JPY: 50,
  KWD: 200,
  MXN: 1_000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  OMR: 200,
  PLN: 200,
  SEK: 300,
  SGD: 50,
  THB: 1_000,
  TND: 1_600,
  USD: 50,
};

/** Razorpay's rule for INR, one rupee (https://razorpay.com/docs/api/orders/create), kept for the other currencies. */
function razorpayMinimum(currency: string): number {
  return 10 ** decimalsOf(currency);
}

/** The least that a provider charges, minor units; null for a currency we know no minimum of, and so never charge in. */
export function minimumCharge(method: ProviderMethod, currency: string): number | null {
  const stripe = STRIPE_MINIMUM[currency];
  if (stripe === undefined) return null;
  return method === 'stripe' ? stripe : razorpayMinimum(currency);
}

/** The step of amounts at both providers: three-decimal ones end in 0. https://docs.stripe.com/currencies#three-decimal */
export function stepOf(currency: string): 1 | 10 {
  return decimalsOf(currency) < 3 ? 1 : 10;
}

export function isChargeableStep(amountMinor: number, currency: string): boolean {
  return amountMinor % stepOf(currency) === 0;
}

/** What an operator allows of top-ups by one method in one currency. */
export interface TopUpLimit {
  method: ProviderMethod;
  isEnabled: boolean;
  maxMinor: number;
}

export type TopUpVerdict =
  | { allowed: true }
  | { allowed: false; code: 'currency_mismatch' }
  | { allowed: false; code: 'top_up_limit'; why: 'disabled' | 'above_maximum' | 'below_minimum' }
  | { allowed: false; code: 'not_chargeable' };

/** Whether a wallet may be topped up so; `limits` are the currency's rows. A currency without any has no wallets. */
export function topUpVerdict(
  { method, currency, amountMinor }: { method: ProviderMethod; currency: string; amountMinor: number },
  limits: readonly TopUpLimit[],
): TopUpVerdict {
  if (limits.length === 0) return { allowed: false, code: 'currency_mismatch' };
  const limit = limits.find((one) => one.method === method);
  const minimumMinor = minimumCharge(method, currency);
  if (limit === undefined || !limit.isEnabled || minimumMinor === null)
    return { allowed: false, code: 'top_up_limit', why: 'disabled' };
  if (amountMinor > limit.maxMinor) return { allowed: false, code: 'top_up_limit', why: 'above_maximum' };
  if (amountMinor < minimumMinor) return { allowed: false, code: 'top_up_limit', why: 'below_minimum' };
  if (!isChargeableStep(amountMinor, currency)) return { allowed: false, code: 'not_chargeable' };
  return { allowed: true };
}

/**
 * What is wrong with a therapist's rates (minor units per hour by mode): a price of a duration offered that a provider
 * would refuse to charge. Empty when nothing is.
 */
export function rateProblems(offer: {
  currency: string;
  rates: Readonly<Record<string, number | undefined>>;
  durationsMinutes: readonly number[];
}): string[] {
  const { currency, rates, durationsMinutes } = offer;
  const minimums = (['stripe', 'razorpay'] as const).map((method) => minimumCharge(method, currency));
  const problems: string[] = [];
  for (const [mode, rate] of Object.entries(rates)) {
    if (rate === undefined) continue;
    for (const minutes of durationsMinutes) {
      const price = priceOf(rate, minutes);
      const what = `${minutes} minutes of ${mode} cost ${price} minor units of ${currency}`;
      if (minimums.some((minimum) => minimum === null || price < minimum))
        problems.push(`${what}: below what providers charge`);
      else if (!isChargeableStep(price, currency)) problems.push(`${what}: three-decimal amounts must end in 0`);
    }
  }
  return problems;
}
