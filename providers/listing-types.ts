import type { ProviderMoney, ProviderPayment } from './types.js';

/** Money that a provider captured for a payment object. */
export interface ListedCharge {
  /** Charge id or Razorpay payment id. */
  chargeRef: string;
  /** What arrived. */
  money: ProviderMoney;
  /** What of it went back to the payer by refunds, minor units; a dispute is none. */
  refundedMinor: number;
}

/** A payment object with all that was captured for it; more than once happens at Razorpay only. */
export interface ListedPayment {
  payment: ProviderPayment;
  charges: ListedCharge[];
}

export interface PaymentLister {
  /**
   * Payment objects that were made since, and older ones for which somebody paid since, page by page. The same one may
   * come twice; what changes meanwhile comes as it was read. @throws ProviderError from any page
   */
  listPayments(since: Date): AsyncIterable<ListedPayment[]>;
}
