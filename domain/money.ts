/** Money is a safe integer of minor units and an ISO 4217 code; arithmetic never leaves the integers. */
export interface Money {
  amountMinor: number;
  currency: string;
}

/** Basis points in a whole. */
const WHOLE_BPS = 10_000;

function assertMinor(amountMinor: number): void {
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0) {
    throw new RangeError(`amountMinor must be a non-negative safe integer, got ${amountMinor}`);
  }
}

/** `amountMinor` times numerator / denominator, rounded half up. @throws RangeError on anything but integers >= 0. */
export function shareOf(amountMinor: number, numerator: number, denominator: number): number {
  assertMinor(amountMinor);
  const product = BigInt(amountMinor) * BigInt(numerator) * 2n + BigInt(denominator);
  return Number(product / (2n * BigInt(denominator)));
}

/** Platform fee and therapist's net of a gross price. Rule: fee = round half up(gross x bps / 10000), net = gross - fee. */
export function splitGross(grossMinor: number, platformFeeBps: number): { feeMinor: number; netMinor: number } {
  const feeMinor = shareOf(grossMinor, platformFeeBps, WHOLE_BPS);
  return { feeMinor, netMinor: grossMinor - feeMinor };
}

/** Price of a session: the therapist's hourly rate for the mode, by the minute, rounded half up. */
export function priceOf(rateMinorPerHour: number, durationMinutes: number): number {
  return shareOf(rateMinorPerHour, durationMinutes, 60);
}
