import type { ProviderMoney } from './types.js';

/** A refund as the provider has it (Stripe Refund, Razorpay refund). */
export interface ProviderRefund {
  /** `re_...` or `rfnd_...`. */
  refundRef: string;
  /** `failed` is final: the money is back on our balance at the provider. */
  status: 'pending' | 'succeeded' | 'failed';
  money: ProviderMoney;
  /** Our refund's id from metadata or notes; null on one that was made by hand. */
  refundId: string | null;
  failureCode: string | null;
}

/** Which captured money a refund is taken from. */
export interface RefundSource {
  /** PaymentIntent or order id. */
  providerRef: string;
  /** Razorpay's payment id; looked up in the order when null. Stripe needs none. */
  chargeRef: string | null;
}

export interface RefundOrder extends RefundSource {
  /** Our refund row's id (uuid): goes into metadata or notes, and into the idempotency key. */
  refundId: string;
  /** In the payment's own currency. */
  amountMinor: number;
}

/** What an event about a refund is about; the refunds themselves are asked for, since events come in any order. */
export interface RefundNotice {
  /** PaymentIntent or order id; null where the event does not say. */
  providerRef: string | null;
  chargeRef: string | null;
  /** Our payment's id, where the provider copied it. */
  paymentId: string | null;
}

/** Money back to the source that paid. */
export interface RefundGateway {
  /**
   * Refunds once: reads before it writes, since a provider's idempotency keys don't last, and a repeat with the same
   * `refundId` meets the first refund.
   * @throws ProviderError not retryable when the provider refuses for good (disputed, refunded already, too old);
   * retryable also while our balance there is too low
   */
  refundPayment(order: RefundOrder): Promise<ProviderRefund>;
  fetchRefund(refundRef: string): Promise<ProviderRefund>;
  /** Every refund of the payment, also those made by hand. */
  listRefunds(source: RefundSource): Promise<ProviderRefund[]>;
}

/** Our balance at the provider does not cover the refund: tried again until it does. */
export const INSUFFICIENT_BALANCE = 'insufficient_balance';
