import type Stripe from 'stripe';
import type { ProviderPayment, ProviderPaymentStatus } from './types.js';

/** The fields we read of a PaymentIntent, so that one from a webhook and one from the API are reduced alike. */
export type IntentFields = Pick<
  Stripe.PaymentIntent,
  'id' | 'status' | 'amount' | 'amount_received' | 'currency' | 'metadata' | 'latest_charge' | 'last_payment_error'
>;

/** Reduces a PaymentIntent. https://docs.stripe.com/payments/paymentintents/lifecycle */
export function toPayment(intent: IntentFields): ProviderPayment {
  const status = toStatus(intent);
  const failure = intent.last_payment_error ?? null;
  return {
    providerRef: intent.id,
    status,
    money: {
      amountMinor: status === 'succeeded' ? intent.amount_received : intent.amount,
      currency: intent.currency.toUpperCase(),
    },
    chargeRef: typeof intent.latest_charge === 'string' ? intent.latest_charge : (intent.latest_charge?.id ?? null),
    paymentId: intent.metadata?.['paymentId'] ?? null,
    failureCode: failure?.decline_code ?? failure?.code ?? null,
  };
}

function toStatus(intent: IntentFields): ProviderPaymentStatus {
  switch (intent.status) {
    case 'requires_payment_method':
      return intent.last_payment_error ? 'failed' : 'open';
    case 'requires_confirmation':
      return 'open';
    case 'requires_action':
      return 'requires_action';
    case 'processing':
      return 'processing';
    case 'requires_capture':
      return 'authorized';
    case 'succeeded':
      return 'succeeded';
    case 'canceled':
      return 'canceled';
    default:
      // A status newer than this code: not paid as far as we know, and asked about again.
      return 'processing';
  }
}
