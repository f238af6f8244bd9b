import type Stripe from 'stripe';
import type { StripeConfig } from './config.js';
import { CALL_TIMEOUT_MS } from './limits.js';
import { createStripeSdk } from './stripe-client.js';
import type { ProviderRefund, RefundOrder, RefundSource } from './refund-types.js';
import { readStripeDispute } from './stripe-dispute.js';
import { STORED_FAILURE, toStripeError } from './stripe-errors.js';
import { listStripePayments } from './stripe-listing.js';
import { toPayment } from './stripe-payment.js';
import { fetchStripeRefund, listStripeRefunds, refundStripePayment } from './stripe-refunds.js';
import { parseStripeWebhook } from './stripe-webhook.js';
import {
  type Checkout,
  type CheckoutRequest,
  type PaymentGateway,
  ProviderError,
  type ProviderDispute,
  type ProviderPayment,
} from './types.js';

/** Idempotency keys that one checkout may use up. */
const MAX_KEYS = 3;

/**
 * Stripe PaymentIntents behind our own interface. Every method throws ProviderError only; see stripe-errors.ts for
 * what may be retried.
 */
export class StripeGateway implements PaymentGateway {
  readonly provider = 'stripe';
  private readonly sdk: Stripe;

  constructor(
    private readonly config: StripeConfig,
    timeoutMs = CALL_TIMEOUT_MS,
  ) {
    this.sdk = createStripeSdk(config, timeoutMs);
  }

  /**
   * The idempotency key is the payment's id, so a repeat meets the same intent for at least 24 hours. A failure that
   * Stripe has stored under it is passed by with the next key: nobody was given the secret of an intent behind it,
   * so that one can't be paid.
   */
  async openCheckout(request: CheckoutRequest): Promise<{ providerRef: string; checkout: Checkout }> {
    const key = `payment-${request.paymentId}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const intent = await this.create(request, attempt === 1 ? key : `${key}-${attempt}`);
        return { providerRef: intent.id, checkout: this.toCheckout(intent) };
      } catch (error) {
        const isStored = error instanceof ProviderError && error.code === STORED_FAILURE;
        if (!isStored || attempt === MAX_KEYS) throw error;
      }
    }
  }

  async resumeCheckout(providerRef: string): Promise<Checkout> {
    return this.toCheckout(await this.retrieve(providerRef));
  }

  async fetchPayment(providerRef: string): Promise<ProviderPayment> {
    return toPayment(await this.retrieve(providerRef));
  }

  /**
   * Reads before it writes. No fixed idempotency key: Stripe would replay a stored refusal (the payer was in 3-D
   * Secure) for a day, and a second cancel is harmless.
   */
  async cancelPayment(providerRef: string): Promise<ProviderPayment> {
    const before = await this.fetchPayment(providerRef);
    if (before.status === 'succeeded' || before.status === 'canceled') return before;
    return this.changeOrFetch(providerRef, () => this.sdk.paymentIntents.cancel(providerRef));
  }

  /** Captures what is authorised; anything else is answered as it stands. */
  async capturePayment(providerRef: string): Promise<ProviderPayment> {
    const before = await this.fetchPayment(providerRef);
    if (before.status !== 'authorized') return before;
    return this.changeOrFetch(providerRef, () => this.sdk.paymentIntents.capture(providerRef));
  }

  /** With its intent, whose metadata names our payment. */
  async fetchDispute(disputeRef: string): Promise<ProviderDispute> {
    const dispute = await this.call(() => this.sdk.disputes.retrieve(disputeRef, { expand: ['payment_intent'] }));
    return readStripeDispute(dispute);
  }

  refundPayment(order: RefundOrder): Promise<ProviderRefund> {
    return refundStripePayment(this.sdk, order);
  }

  fetchRefund(refundRef: string): Promise<ProviderRefund> {
    return fetchStripeRefund(this.sdk, refundRef);
  }

  listRefunds({ providerRef }: RefundSource): Promise<ProviderRefund[]> {
    return listStripeRefunds(this.sdk, providerRef);
  }

  listPayments(since: Date) {
    return listStripePayments(this.sdk, since);
  }

  parseWebhook(rawBody: string, headers: Headers) {
    return parseStripeWebhook(this.sdk.webhooks, rawBody, headers, this.config.webhookSecret);
  }

  private create(request: CheckoutRequest, idempotencyKey: string): Promise<Stripe.PaymentIntent> {
    const { paymentId, appointmentId, clientId, money, description } = request;
    return this.call(() =>
      this.sdk.paymentIntents.create(
        {
          amount: money.amountMinor,
          currency: money.currency.toLowerCase(),
          automatic_payment_methods: { enabled: true },
          description,
          metadata: { paymentId, ...(appointmentId === null ? {} : { appointmentId }), clientId },
        },
        { idempotencyKey },
      ),
    );
  }

  /** `payment_intent_unexpected_state` means that the intent moved between our read and our write: its state decides. */
  private async changeOrFetch(
    providerRef: string,
    change: () => Promise<Stripe.PaymentIntent>,
  ): Promise<ProviderPayment> {
    try {
      return toPayment(await this.call(change));
    } catch (error) {
      if (error instanceof ProviderError && error.code === 'payment_intent_unexpected_state') {
        return this.fetchPayment(providerRef);
      }
      throw error;
    }
  }

  private retrieve(providerRef: string): Promise<Stripe.PaymentIntent> {
    return this.call(() => this.sdk.paymentIntents.retrieve(providerRef));
  }

  private toCheckout(intent: Stripe.PaymentIntent): Checkout {
    if (!intent.client_secret) {
      throw new ProviderError('stripe', 'no_client_secret', `Stripe gave no client secret for ${intent.id}`, false);
    }
    return { method: 'stripe', clientSecret: intent.client_secret, publishableKey: this.config.publishableKey };
  }

  private async call<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw toStripeError(error);
    }
  }
}
