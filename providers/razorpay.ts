import Razorpay from 'razorpay';
import type { RazorpayConfig } from './config.js';
import { CALL_RETRIES, CALL_TIMEOUT_MS } from './limits.js';
import { disputedPaymentOf, readRazorpayDispute } from './razorpay-dispute.js';
import { normaliseErrors, toRazorpayError, transportOf } from './razorpay-errors.js';
import { listRazorpayPayments } from './razorpay-listing.js';
import { type RazorpayOrder, readOrder, readOrders, readPayments, toPayment } from './razorpay-payment.js';
import { fetchRazorpayRefund, listRazorpayRefunds, refundRazorpayPayment } from './razorpay-refunds.js';
import { parseRazorpayWebhook } from './razorpay-webhook.js';
import type { ProviderRefund, RefundOrder, RefundSource } from './refund-types.js';
import { withRetries } from './retry.js';
import { hmacSha256Hex, isSameText } from './signatures.js';
import {
  type Checkout,
  type CheckoutRequest,
  type CheckoutSignature,
  type PaymentGateway,
  ProviderError,
  type ProviderDispute,
  type ProviderPayment,
} from './types.js';

/** Capture at once; what can't be captured within twelve minutes (the least allowed) goes back to the payer. */
const CAPTURE = {
  capture: 'automatic',
  capture_options: { automatic_expiry_period: 12, manual_expiry_period: 7200, refund_speed: 'normal' },
} as const;

/** Razorpay orders behind our own interface. Every method throws ProviderError only; see razorpay-errors.ts. */
export class RazorpayGateway implements PaymentGateway, CheckoutSignature {
  readonly provider = 'razorpay';
  private readonly sdk: Razorpay;

  constructor(
    private readonly config: RazorpayConfig,
    timeoutMs = CALL_TIMEOUT_MS,
  ) {
    this.sdk = new Razorpay({ key_id: config.keyId, key_secret: config.keySecret });
    configureTransport(this.sdk, config.apiUrl, timeoutMs);
  }

  /**
   * Our payment id is the receipt, and `unique_receipt` makes Razorpay answer a repeat with the same order; where it
   * refuses instead ("Order receipt should be unique") the order is looked up.
   */
  async openCheckout(request: CheckoutRequest): Promise<{ providerRef: string; checkout: Checkout }> {
    const order = await this.createOrAdopt(request);
    const isSame =
      order.amount === request.money.amountMinor &&
      order.currency.toUpperCase() === request.money.currency.toUpperCase();
    if (!isSame) {
      throw new ProviderError(
        'razorpay',
        'receipt_reused',
        `Order ${order.id} has this receipt and another sum`,
        false,
      );
    }
    return { providerRef: order.id, checkout: this.toCheckout(order.id) };
  }

  /** Nothing of a Razorpay checkout is secret, so nothing is fetched. */
  resumeCheckout(providerRef: string): Promise<Checkout> {
    return Promise.resolve(this.toCheckout(providerRef));
  }

  async fetchPayment(providerRef: string): Promise<ProviderPayment> {
    const order = readOrder(await this.repeatable(() => this.sdk.orders.fetch(providerRef)));
    return toPayment(order, readPayments(await this.repeatable(() => this.sdk.orders.fetchPayments(providerRef))));
  }

  /** An order can't be cancelled and stays payable: late money is expected and refunded. */
  cancelPayment(providerRef: string): Promise<ProviderPayment> {
    return this.fetchPayment(providerRef);
  }

  /** A capture has no idempotency key and is never repeated here; "already captured" is told by the next fetch. */
  async capturePayment(providerRef: string): Promise<ProviderPayment> {
    const before = await this.fetchPayment(providerRef);
    if (before.status !== 'authorized' || before.chargeRef === null) return before;
    const { chargeRef, money } = before;
    try {
      await this.call(() => this.sdk.payments.capture(chargeRef, money.amountMinor, money.currency));
    } catch (error) {
      if (!isAlreadyCaptured(error)) throw error;
    }
    return this.fetchPayment(providerRef);
  }

  /** With its payment, which names the order and our own id. */
  async fetchDispute(disputeRef: string): Promise<ProviderDispute> {
    const dispute: unknown = await this.repeatable(() => this.sdk.disputes.fetch(disputeRef));
    const paymentRef = disputedPaymentOf(dispute);
    const payment: unknown =
      paymentRef === null ? null : await this.repeatable(() => this.sdk.payments.fetch(paymentRef));
    return readRazorpayDispute(dispute, payment);
  }

  refundPayment(order: RefundOrder): Promise<ProviderRefund> {
    return refundRazorpayPayment(this.sdk, this.repeatable, order);
  }

  fetchRefund(refundRef: string): Promise<ProviderRefund> {
    return fetchRazorpayRefund(this.sdk, this.repeatable, refundRef);
  }

  listRefunds(source: RefundSource): Promise<ProviderRefund[]> {
    return listRazorpayRefunds(this.sdk, this.repeatable, source);
  }

  listPayments(since: Date) {
    return listRazorpayPayments(this.sdk, this.repeatable, { since, until: new Date() });
  }

  async parseWebhook(rawBody: string, headers: Headers) {
    return parseRazorpayWebhook(rawBody, headers, this.config.webhookSecret);
  }

  /** HMAC-SHA256 of `order_id|payment_id` with the key's secret. */
  verifyCheckoutSignature(input: { orderId: string; paymentId: string; signature: string }): boolean {
    const expected = hmacSha256Hex(this.config.keySecret, `${input.orderId}|${input.paymentId}`);
    return isSameText(input.signature, expected);
  }

  private async createOrAdopt(request: CheckoutRequest): Promise<RazorpayOrder> {
    const { paymentId, appointmentId, clientId, money } = request;
    // The typings don't know unique_receipt yet.
    const order: Parameters<Razorpay['orders']['create']>[0] & { unique_receipt: true } = {
      amount: money.amountMinor,
      currency: money.currency.toUpperCase(),
      receipt: paymentId,
      unique_receipt: true,
      partial_payment: false,
      payment: CAPTURE,
      notes: { paymentId, ...(appointmentId === null ? {} : { appointmentId }), clientId },
    };
    try {
      return readOrder(await this.repeatable(() => this.sdk.orders.create(order)));
    } catch (error) {
      if (!isReceiptTaken(error)) throw error;
      const found = readOrders(await this.repeatable(() => this.sdk.orders.all({ receipt: paymentId })));
      const ours = found.find((candidate) => candidate.receipt === paymentId);
      if (!ours) throw error;
      return ours;
    }
  }

  private toCheckout(orderId: string): Checkout {
    return { method: 'razorpay', orderId, keyId: this.config.keyId };
  }

  /** Reads, and the order's creation (its receipt makes a repeat harmless). The SDK itself never retries. */
  private readonly repeatable = <T>(request: () => Promise<T>): Promise<T> =>
    withRetries(() => this.call(request), {
      retries: CALL_RETRIES,
      pauseMs: 200,
      isWorthwhile: (error) => error instanceof ProviderError && error.retryable,
    });

  private async call<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw toRazorpayError(error);
    }
  }
}

/** The SDK has no option for address and time-out; asserts that both took. */
function configureTransport(sdk: Razorpay, apiUrl: string | null, timeoutMs: number): void {
  const transport = transportOf(sdk);
  transport.defaults.timeout = timeoutMs;
  if (apiUrl) {
    transport.defaults.baseURL = apiUrl;
    transport.defaults.proxy = false; // a sandbox on this host is not reached through HTTP_PROXY
  }
  normaliseErrors(transport);
  const live = transportOf(sdk).defaults;
  if (live.timeout !== timeoutMs || (apiUrl && live.baseURL !== apiUrl)) {
    throw new Error('razorpay: the SDK did not take its address and time-out');
  }
}

function isAlreadyCaptured(error: unknown): boolean {
  return error instanceof ProviderError && error.httpStatus === 400 && /already been captured/i.test(error.message);
}

/** Whether an order of ours holds the receipt is then looked up, so a refusal that only mentions it does no harm. */
function isReceiptTaken(error: unknown): boolean {
  return error instanceof ProviderError && error.httpStatus === 400 && /receipt/i.test(error.message);
}
