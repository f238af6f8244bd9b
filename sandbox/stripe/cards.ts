/** What happens when a payment is confirmed with a payment method. */
export type CardOutcome =
  | { kind: 'succeeds' }
  | { kind: 'declines'; code: string; declineCode: string; message: string }
  | { kind: 'needs_authentication' }
  | { kind: 'processes' };

const declined = (declineCode: string, message: string, code = 'card_declined'): CardOutcome => ({
  kind: 'declines',
  code,
  declineCode,
  message,
});

/** Stripe's test payment methods (https://docs.stripe.com/testing#cards), as far as a payment service meets them. */
const OUTCOMES: Record<string, CardOutcome> = {
  pm_card_visa: { kind: 'succeeds' },
  pm_card_visa_debit: { kind: 'succeeds' },
  pm_card_mastercard: { kind: 'succeeds' },
  pm_card_amex: { kind: 'succeeds' },
  pm_card_authenticationRequired: { kind: 'needs_authentication' },
  pm_card_threeDSecure2Required: { kind: 'needs_authentication' },
  pm_card_threeDSecureRequired: { kind: 'needs_authentication' },
  pm_usBankAccount_success: { kind: 'processes' },
  pm_card_chargeDeclined: declined('generic_decline', 'Your card was declined.'),
  pm_card_visa_chargeDeclined: declined('generic_decline', 'Your card was declined.'),
  pm_card_chargeDeclinedInsufficientFunds: declined('insufficient_funds', 'Your card has insufficient funds.'),
  pm_card_visa_chargeDeclinedInsufficientFunds: declined('insufficient_funds', 'Your card has insufficient funds.'),
  pm_card_chargeDeclinedLostCard: declined('lost_card', 'Your card was declined.'),
  pm_card_chargeDeclinedExpiredCard: declined('expired_card', 'Your card has expired.', 'expired_card'),
  pm_card_chargeDeclinedIncorrectCvc: declined(
    'incorrect_cvc',
    "Your card's security code is incorrect.",
    'incorrect_cvc',
  ),
  pm_card_chargeDeclinedProcessingError: declined(
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
    'processing_error',
  ),
};

/** Null for a payment method the sandbox doesn't know. */
export function cardOutcome(paymentMethod: string): CardOutcome | null {
  return OUTCOMES[paymentMethod] ?? null;
}
