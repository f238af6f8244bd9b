/** What a provider has of a payment and what we have of it, minor units. */
export interface MoneyThere {
  capturedMinor: number;
  refundedMinor: number;
}
export interface MoneyHere {
  capturedMinor: number;
  /** Refunds under way: the provider may have them already, or not yet. */
  refundingMinor: number;
  refundedMinor: number;
}

export const DIFFERENCE_KINDS = [
  'captured_not_funded', // money there that no wallet has
  'funded_not_captured', // money in a wallet that the provider does not have
  'captured_differs',
  'refunded_differs',
  'unknown_payment', // an object that names a payment we never had
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface MoneyDifference {
  kind: DifferenceKind;
  thereMinor: number;
  hereMinor: number;
}

/** Where the two don't agree; a refund under way agrees with both of its ends. */
export function compareMoney(there: MoneyThere, here: MoneyHere): MoneyDifference[] {
  const differences: MoneyDifference[] = [];
  if (there.capturedMinor !== here.capturedMinor) {
    const kind =
      here.capturedMinor === 0
        ? 'captured_not_funded'
        : there.capturedMinor === 0
          ? 'funded_not_captured'
          : 'captured_differs';
    differences.push({ kind, thereMinor: there.capturedMinor, hereMinor: here.capturedMinor });
  }
  const mostHere = here.refundedMinor + here.refundingMinor;
  if (there.refundedMinor < here.refundedMinor || there.refundedMinor > mostHere)
    differences.push({ kind: 'refunded_differs', thereMinor: there.refundedMinor, hereMinor: here.refundedMinor });
  return differences;
}
