import type { RazorpayModel } from '../razorpay/model.js';
import type { RefundPlan } from '../refund-plans.js';
import type { StripeModel } from '../stripe/model.js';
import { createRefund, finishRefund } from '../stripe/refunds.js';
import { ControlFailure } from './failure.js';

export const REFUND_ACTIONS = ['succeed', 'fail'] as const;
export type RefundAction = (typeof REFUND_ACTIONS)[number];

/** A refund of either vendor, as the control API shows it. */
export interface SandboxRefund {
  id: string;
  provider: 'stripe' | 'razorpay';
  /** PaymentIntent or order id. */
  paymentRef: string;
  amountMinor: number;
  /** The vendor's own word. */
  status: string;
  /** `metadata.refundId` or `notes.refundId`; null on one made by hand. */
  refundId: string | null;
}

/** Plays the vendors' banks and dashboards, as far as refunds go. */
export class RefundControl {
  constructor(
    private readonly stripe: StripeModel,
    private readonly razorpay: RazorpayModel,
  ) {}

  /** Says what becomes of the next refunds. */
  plan(provider: 'stripe' | 'razorpay', plan: RefundPlan): void {
    (provider === 'stripe' ? this.stripe : this.razorpay).refundPlans.add(plan);
  }

  clearPlans(): void {
    this.stripe.refundPlans.clear();
    this.razorpay.refundPlans.clear();
  }

  /** All refunds, or those of a PaymentIntent or order, oldest first. */
  list(paymentRef?: string): SandboxRefund[] {
    const all = [
      ...this.stripe.refunds.values().map(({ id, payment_intent, amount, status, metadata }) => ({
        id,
        provider: 'stripe' as const,
        paymentRef: payment_intent,
        amountMinor: amount,
        status,
        refundId: metadata['refundId'] ?? null,
      })),
      ...this.razorpay.refunds.values().map(({ id, payment_id, amount, status, notes }) => ({
        id,
        provider: 'razorpay' as const,
        paymentRef: this.razorpay.payment(payment_id).order_id,
        amountMinor: amount,
        status,
        refundId: Array.isArray(notes) ? null : (notes['refundId'] ?? null),
      })),
    ];
    return all.filter((refund) => paymentRef === undefined || refund.paymentRef === paymentRef);
  }

  /** Somebody refunds by hand in the vendor's dashboard. @throws the vendor's refusal */
  make(paymentRef: string, amountMinor: number | null = null): SandboxRefund {
    const made = this.stripe.intents.get(paymentRef)
      ? createRefund(this.stripe, { charge: null, paymentIntent: paymentRef, amountMinor, reason: null, metadata: {} })
      : this.razorpay.refund(this.#captured(paymentRef), { amountMinor, notes: [], receipt: null, speed: 'normal' });
    return this.list(paymentRef).find(({ id }) => id === made.id)!;
  }

  /** The bank takes or returns a refund: a pending one, or one that had arrived. @throws ControlFailure 404, 409 */
  act(refundRef: string, action: RefundAction): SandboxRefund {
    const refund = this.list().find(({ id }) => id === refundRef);
    if (refund === undefined) throw new ControlFailure(404, 'not_found', `There is no refund ${refundRef}.`);
    if (refund.status === 'failed' || (action === 'succeed' && refund.status !== 'pending'))
      throw new ControlFailure(409, 'refund_over', `Refund ${refundRef} is ${refund.status}.`);
    if (refund.provider === 'stripe') finishRefund(this.stripe, refundRef, action === 'succeed');
    else this.razorpay.finishRefund(refundRef, action === 'succeed');
    return this.list().find(({ id }) => id === refundRef)!;
  }

  #captured(orderId: string): string {
    const payment = this.razorpay.paymentsOf(orderId).find(({ captured }) => captured);
    if (!payment) throw new ControlFailure(404, 'not_found', `There is no captured payment ${orderId}.`);
    return payment.id;
  }
}
