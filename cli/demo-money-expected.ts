import { shareOf, splitGross } from '../domain/money.js';
import type { HoldStatus, PaymentMethod, PaymentStatus } from '../domain/types.js';
import { EXTRA_MINUTES, type Story } from './demo-money-plan.js';

/** What docs/money.md says a life ends with; integer minor units of its currency. */
export interface ExpectedMoney {
  /** `status (reason)`, by whom. */
  outcome: string;
  payment: PaymentStatus;
  hold: HoldStatus;
  /** Kinds of the ledger's transactions, in their order. */
  transactions: string[];
  /** Posted of the hold: the gross of the earning. */
  chargedMinor: number;
  /** Given back to the source, refund by refund. */
  refundsMinor: number[];
  /** Of those, what an admin took out of the earnings. */
  reversedMinor: number;
  extraMinutes: number;
}

const WHOLE_BPS = 10_000;
const RETURNED = ['refund_requested', 'refund_completed'];

interface Terms {
  priceMinor: number;
  lateCancellationBps: number;
}

/** An admin's parts: two thirds in two, so that the second shows the rounding on the cumulative total. */
export function partsToRefund(priceMinor: number): [firstMinor: number, secondMinor: number] {
  const third = Math.floor(priceMinor / 3);
  return [third, third];
}

/** The end of each story. Source: docs/money.md, "What each event posts". */
export function expectedMoney(story: Story, { priceMinor, lateCancellationBps }: Terms): ExpectedMoney {
  const held: ExpectedMoney = {
    outcome: 'completed (ended_by_party) by therapist',
    payment: 'completed',
    hold: 'settled',
    transactions: ['fund', 'settle'],
    chargedMinor: priceMinor,
    refundsMinor: [],
    reversedMinor: 0,
    extraMinutes: 0,
  };
  const allBack: ExpectedMoney = {
    ...held,
    payment: 'refunded',
    transactions: ['fund', ...RETURNED],
    chargedMinor: 0,
    refundsMinor: [priceMinor],
  };
  switch (story) {
    case 'decline-then-pay':
      return held;
    case 'paid-too-late':
      return { ...allBack, outcome: 'expired (payment) by system', hold: 'none' };
    case 'late-cancellation': {
      const chargedMinor = shareOf(priceMinor, lateCancellationBps, WHOLE_BPS);
      return {
        ...held,
        outcome: 'cancelled (cancelled) by client',
        payment: 'partially_refunded',
        transactions: ['fund', 'settle', ...RETURNED],
        chargedMinor,
        refundsMinor: [priceMinor - chargedMinor],
      };
    }
    case 'therapist-no-show':
      return { ...allBack, outcome: 'no_show (therapist_absent) by client', hold: 'voided' };
    case 'partial-refund': {
      const parts = partsToRefund(priceMinor);
      return {
        ...held,
        payment: 'partially_refunded',
        transactions: [...held.transactions, ...parts.flatMap(() => ['earnings_reversed', ...RETURNED])],
        refundsMinor: parts,
        reversedMinor: parts[0] + parts[1],
      };
    }
    case 'extended':
      return {
        ...held,
        outcome: 'completed (duration_over) by system',
        transactions: ['settle'],
        extraMinutes: EXTRA_MINUTES,
      };
  }
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

/** Balances that the life's own postings come to, by kind of account; what is not named is zero. */
export function expectedBalances(
  expected: ExpectedMoney,
  { priceMinor, platformFeeBps, method }: { priceMinor: number; platformFeeBps: number; method: PaymentMethod },
): Record<string, number> {
  const { chargedMinor, refundsMinor, reversedMinor } = expected;
  const { feeMinor, netMinor } = splitGross(chargedMinor, platformFeeBps);
  // Rounded on the cumulative total, so it does not matter in how many parts it went.
  const reversedFeeMinor = chargedMinor === 0 ? 0 : shareOf(feeMinor, reversedMinor, chargedMinor);
  const fundedMinor = method === 'wallet' ? 0 : priceMinor;
  const returnedMinor = sum(refundsMinor);
  return {
    client_wallet: fundedMinor - chargedMinor + reversedMinor - returnedMinor,
    therapist_payable: netMinor - (reversedMinor - reversedFeeMinor),
    platform_fee: feeMinor - reversedFeeMinor,
    refund_pending: 0,
    ...(method === 'wallet' ? {} : { [`${method}_clearing`]: returnedMinor - fundedMinor }),
  };
}
