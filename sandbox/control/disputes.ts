import { decideDispute as decideAtRazorpay, openDispute as openAtRazorpay } from '../razorpay/disputes.js';
import type { RazorpayModel } from '../razorpay/model.js';
import { decideDispute as decideAtStripe, openDispute as openAtStripe } from '../stripe/disputes.js';
import type { StripeModel } from '../stripe/model.js';
import { ControlFailure } from './failure.js';

export const DISPUTE_ACTIONS = ['open_dispute', 'win_dispute', 'lose_dispute', 'close_dispute'] as const;
export type DisputeAction = (typeof DISPUTE_ACTIONS)[number];

/** With `open_dispute` only; what is left out is all of the payment, the vendor's usual reason and a week. */
export interface DisputeOptions {
  reason?: string;
  amountMinor?: number;
  /** RFC 3339. */
  evidenceDueAt?: string;
  /** The bank only asks (Stripe's `warning_...`, Razorpay's `retrieval`); `close_dispute` ends it. */
  isInquiry?: boolean;
}

/** A dispute of either vendor, as the control API shows it. */
export interface SandboxDispute {
  id: string;
  provider: 'stripe' | 'razorpay';
  /** Charge id or Razorpay payment id. */
  chargeRef: string;
  amountMinor: number;
  currency: string;
  /** The vendor's own word. */
  status: string;
}

/** Plays the payer's bank. */
export class DisputeControl {
  constructor(
    private readonly stripe: StripeModel,
    private readonly razorpay: RazorpayModel,
  ) {}

  /**
   * @param ref PaymentIntent id or order id
   * @throws ControlFailure 404 without a captured payment; the vendor's failure when its state forbids the action
   */
  act(ref: string, action: DisputeAction, options: DisputeOptions = {}): SandboxDispute {
    const { reason = null, amountMinor = null, evidenceDueAt, isInquiry = false } = options;
    const asked = {
      reason,
      amountMinor,
      evidenceDueAt: evidenceDueAt === undefined ? null : new Date(evidenceDueAt),
      isInquiry,
    };
    const intent = this.stripe.intents.get(ref);
    if (intent?.latest_charge) {
      const charge = intent.latest_charge;
      const outcomes = { win_dispute: 'won', lose_dispute: 'lost', close_dispute: 'warning_closed' } as const;
      const { id, amount, currency, status } =
        action === 'open_dispute'
          ? openAtStripe(this.stripe, charge, asked)
          : decideAtStripe(this.stripe, charge, outcomes[action]);
      const money = { amountMinor: amount, currency: currency.toUpperCase() };
      return { id, provider: 'stripe', chargeRef: charge, ...money, status };
    }
    const payment = this.razorpay.paymentsOf(ref).find(({ captured }) => captured);
    if (!payment) throw new ControlFailure(404, 'not_found', `There is no captured payment ${ref}.`);
    const outcomes = { win_dispute: 'won', lose_dispute: 'lost', close_dispute: 'closed' } as const;
    const { id, amount, currency, status } =
      action === 'open_dispute'
        ? openAtRazorpay(this.razorpay, payment.id, asked)
        : decideAtRazorpay(this.razorpay, payment.id, outcomes[action]);
    return { id, provider: 'razorpay', chargeRef: payment.id, amountMinor: amount, currency, status };
  }
}
