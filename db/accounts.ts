import type { PaymentMethod } from '../domain/types.js';

/**
 * Account codes of the double-entry ledger, `kind:owner:currency`. Sign: what we owe (wallets, payables, fees earned)
 * grows with +, what we own (money at the providers) grows with -. docs/money.md lists the postings.
 */
export const ACCOUNT_KINDS = [
  'client_wallet',
  'therapist_payable',
  'platform_fee',
  'stripe_clearing',
  'razorpay_clearing',
  'promotion', // what promotions have cost
  'refund_pending', // on its way back to a source: no client can spend it
  'disputed', // taken back by a bank while a dispute is open
  'dispute_loss', // lost disputes that nobody else bears
  'client_receivable', // what a client owes after a lost dispute: a wallet never goes below zero
  'payout_bank', // paid out by a bank's file
] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

export interface Account {
  code: string;
  kind: AccountKind;
  ownerId: string | null;
  currency: string;
}

function account(kind: AccountKind, ownerId: string | null, currency: string): Account {
  return { code: `${kind}:${ownerId ?? '-'}:${currency}`, kind, ownerId, currency };
}

export const clientWallet = (clientId: string, currency: string): Account =>
  account('client_wallet', clientId, currency);
export const therapistPayable = (therapistId: string, currency: string): Account =>
  account('therapist_payable', therapistId, currency);
/**
 * Fees earned, on 256 accounts by the appointment's id: a thousand sessions that end on one second would wait for one
 * row, one after the other; with sixteen rows a release still waited 14 ms for one. Sums go by the kind.
 */
export function platformFee(currency: string, appointmentId: string): Account {
  const code = `platform_fee:${appointmentId.slice(-2)}:${currency}`;
  return { code, kind: 'platform_fee', ownerId: null, currency };
}
export const promotion = (currency: string): Account => account('promotion', null, currency);

/** Where a provider keeps our captured money. */
export function clearing(provider: Exclude<PaymentMethod, 'wallet'>, currency: string): Account {
  return account(`${provider}_clearing`, null, currency);
}
export const refundPending = (currency: string): Account => account('refund_pending', null, currency);
export const disputed = (currency: string): Account => account('disputed', null, currency);
export const disputeLoss = (currency: string): Account => account('dispute_loss', null, currency);
export const clientReceivable = (clientId: string, currency: string): Account =>
  account('client_receivable', clientId, currency);
export const payoutBank = (currency: string): Account => account('payout_bank', null, currency);
