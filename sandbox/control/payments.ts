import type { CheckoutAnswer, RazorpayModel } from '../razorpay/model.js';
import type { Order } from '../razorpay/objects.js';
import type { StripeModel } from '../stripe/model.js';
import type { PaymentIntent } from '../stripe/objects.js';
import { ControlFailure } from './failure.js';

export const PAYMENT_ACTIONS = [
  'pay',
  'decline',
  'authenticate',
  'fail_authentication',
  'authorize',
  'capture',
] as const;
export type PaymentAction = (typeof PAYMENT_ACTIONS)[number];

/** A payment object of either vendor, as the control API shows it. */
export interface SandboxPayment {
  /** PaymentIntent id or order id. */
  ref: string;
  provider: 'stripe' | 'razorpay';
  amountMinor: number;
  currency: string;
  /** The vendor's own word: the intent's or the order's status. */
  status: string;
  /** `metadata.paymentId` or `notes.paymentId`. */
  paymentId: string | null;
  metadata: Record<string, string>;
  /** The page on which a person can pay. */
  url: string;
}

/**
 * The answer to an action. After Razorpay's `pay` and `authorize` it holds what checkout hands to the browser:
 * `orderId`, `signature`, and `paymentId` is then Razorpay's (ours is still in `metadata`).
 */
export type PaymentActionResult = SandboxPayment & Partial<Omit<CheckoutAnswer, 'paymentId'>>;

/** Plays the payer at the vendors' checkouts, which this machine can't reach. */
export class PaymentControl {
  constructor(
    private readonly stripe: StripeModel,
    private readonly razorpay: RazorpayModel,
    private readonly payUrl: (ref: string) => string,
  ) {}

  /** All payment objects, oldest first, that match every given field of their metadata (or notes). */
  list(filter: { ref?: string; metadata?: Record<string, string> } = {}): SandboxPayment[] {
    const all = [
      ...this.stripe.intents.values().map((intent) => this.#fromIntent(intent)),
      ...this.razorpay.orders.values().map((order) => this.#fromOrder(order)),
    ];
    return all.filter(
      ({ ref, metadata }) =>
        (filter.ref === undefined || ref === filter.ref) &&
        Object.entries(filter.metadata ?? {}).every(([key, value]) => metadata[key] === value),
    );
  }

  /** @throws ControlFailure 404 */
  get(ref: string): SandboxPayment {
    const intent = this.stripe.intents.get(ref);
    if (intent) return this.#fromIntent(intent);
    const order = this.razorpay.orders.get(ref);
    if (order) return this.#fromOrder(order);
    throw new ControlFailure(404, 'not_found', `There is no payment ${ref}.`);
  }

  /** @throws the vendor's failure when the object's state forbids it, ControlFailure when the vendor has no such action */
  act(ref: string, action: PaymentAction, options: { paymentMethod?: string } = {}): PaymentActionResult {
    const { provider } = this.get(ref);
    if (provider === 'razorpay') return this.#actOnOrder(ref, action);
    this.#actOnIntent(ref, action, options.paymentMethod ?? 'pm_card_visa');
    return this.get(ref);
  }

  #actOnIntent(ref: string, action: PaymentAction, paymentMethod: string): PaymentIntent {
    const processing = this.stripe.intent(ref).status === 'processing';
    switch (action) {
      case 'pay':
        return processing ? this.stripe.finishProcessing(ref, true) : this.stripe.confirm(ref, paymentMethod);
      case 'decline':
        if (processing) return this.stripe.finishProcessing(ref, false);
        return this.stripe.confirm(ref, 'pm_card_chargeDeclined');
      case 'authenticate':
      case 'fail_authentication':
        return this.stripe.authenticate(ref, action === 'authenticate');
      case 'capture':
        return this.stripe.capture(ref, null);
      case 'authorize':
        throw new ControlFailure(
          400,
          'unknown_action',
          'Stripe has no authorize here: create with capture_method=manual.',
        );
    }
  }

  #actOnOrder(ref: string, action: PaymentAction): PaymentActionResult {
    switch (action) {
      case 'pay':
      case 'authorize': {
        const payment = this.razorpay.pay(ref, action === 'pay' ? 'as_ordered' : 'never');
        return { ...this.get(ref), ...this.razorpay.checkoutAnswer(payment) };
      }
      case 'decline':
        this.razorpay.fail(ref);
        return this.get(ref);
      case 'capture': {
        const waiting = this.razorpay.paymentsOf(ref).find(({ status }) => status === 'authorized');
        if (!waiting) throw new ControlFailure(409, 'nothing_authorized', `Order ${ref} has no authorised payment.`);
        this.razorpay.capture(waiting.id, waiting.amount, null);
        return this.get(ref);
      }
      case 'authenticate':
      case 'fail_authentication':
        throw new ControlFailure(400, 'unknown_action', 'Razorpay orders know pay, authorize, decline and capture.');
    }
  }

  #fromIntent(intent: PaymentIntent): SandboxPayment {
    const { id, amount, currency, status, metadata } = intent;
    return this.#view('stripe', id, amount, currency.toUpperCase(), status, metadata);
  }

  #fromOrder(order: Order): SandboxPayment {
    const notes = Array.isArray(order.notes) ? {} : order.notes;
    return this.#view('razorpay', order.id, order.amount, order.currency, order.status, notes);
  }

  #view(
    provider: 'stripe' | 'razorpay',
    ref: string,
    amountMinor: number,
    currency: string,
    status: string,
    metadata: Record<string, string>,
  ): SandboxPayment {
    const paymentId = metadata['paymentId'] ?? null;
    return { ref, provider, amountMinor, currency, status, paymentId, metadata, url: this.payUrl(ref) };
  }
}
