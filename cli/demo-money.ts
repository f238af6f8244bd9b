import { splitGross } from '../domain/money.js';
import type { EarningView, WalletView } from './api-types.js';

/** What is read of one settled life's money, all in minor units of one currency. */
export interface MoneyRead {
  priceMinor: number;
  platformFeeBps: number;
  walletBefore: Pick<WalletView, 'balanceMinor' | 'heldMinor'>;
  walletAfter: Pick<WalletView, 'balanceMinor' | 'heldMinor'>;
  /** What Stripe or Razorpay took for it; 0 when the wallet paid. */
  takenMinor: number;
  /** Of the vendors' money: 0 for the wallet, the price else. */
  expectedTakenMinor: number;
  earning: Pick<EarningView, 'grossMinor' | 'feeMinor' | 'netMinor'> | null;
}

/** Money that moved: out of the client's hands, to the therapist, to the platform. */
export interface MoneyMoved {
  clientDebitMinor: number;
  therapistCreditMinor: number;
  feeMinor: number;
}

/**
 * What a life moved, and every way in which it isn't what docs/lifecycle.md says: the client is debited the price
 * (money that came from outside passes through the wallet), the therapist is credited price less fee.
 */
export function checkMoney(read: MoneyRead): { moved: MoneyMoved; findings: string[] } {
  const { priceMinor, platformFeeBps, walletBefore, walletAfter, takenMinor, expectedTakenMinor, earning } = read;
  const expected = splitGross(priceMinor, platformFeeBps);
  const moved = {
    clientDebitMinor: walletBefore.balanceMinor + takenMinor - walletAfter.balanceMinor,
    therapistCreditMinor: earning?.netMinor ?? 0,
    feeMinor: earning?.feeMinor ?? 0,
  };
  const amounts: [what: string, found: number, wanted: number][] = [
    ['the client was debited', moved.clientDebitMinor, priceMinor],
    ['the provider took', takenMinor, expectedTakenMinor],
    // Less is right: an earlier life that was broken off may have let go of its hold meanwhile.
    ['held on the wallet is', walletAfter.heldMinor, Math.min(walletAfter.heldMinor, walletBefore.heldMinor)],
    ['the therapist was credited', moved.therapistCreditMinor, expected.netMinor],
    ['the fee is', moved.feeMinor, expected.feeMinor],
    ['the gross of the earning is', earning?.grossMinor ?? 0, priceMinor],
  ];
  const findings = amounts
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what} ${found}, not ${wanted}`);
  return { moved, findings };
}
