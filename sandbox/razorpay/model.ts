import { razorpayCredentials } from '../credentials.js';
import { razorpayId, unixNow } from '../ids.js';
import { RefundPlans } from '../refund-plans.js';
import type { Collection, Store } from '../store.js';
import type { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { signRazorpay } from '../webhooks/signing.js';
import { type RazorpayDispute, refusesRefunds } from './disputes.js';
import { badRequest, noSuchId } from './errors.js';
import {
  newOrder,
  newPayment,
  newRefund,
  type Order,
  orderEntity,
  type Payment,
  type RazorpayRefund,
} from './objects.js';

const RAZORPAY_ACCOUNT_ID = 'acc_Punctual000000';

/** What checkout hands to the browser after a payment. */
export interface CheckoutAnswer {
  orderId: string;
  paymentId: string;
  signature: string;
}

/** Razorpay's orders, the payments that checkout makes for them, and refunds. */
export class RazorpayModel {
  readonly orders: Collection<Order>;
  readonly payments: Collection<Payment>;
  readonly refunds: Collection<RazorpayRefund>;
  readonly refundPlans = new RefundPlans();
  readonly disputes: Collection<RazorpayDispute>;

  constructor(
    store: Store,
    private readonly webhooks: WebhookDispatcher,
  ) {
    this.orders = store.collection<Order>('razorpay_orders');
    this.payments = store.collection<Payment>('razorpay_payments');
    this.refunds = store.collection<RazorpayRefund>('razorpay_refunds');
    this.disputes = store.collection<RazorpayDispute>('razorpay_disputes');
  }

  createOrder(fields: Parameters<typeof newOrder>[0]): Order {
    const order = newOrder(fields);
    return this.orders.put(order.id, order);
  }

  /** @throws RazorpayFailure 400 */
  order(id: string): Order {
    const order = this.orders.get(id);
    if (!order) throw noSuchId();
    return order;
  }

  /** @throws RazorpayFailure 400 */
  payment(id: string): Payment {
    const payment = this.payments.get(id);
    if (!payment) throw noSuchId();
    return payment;
  }

  /** Newest first, as the API lists them. */
  paymentsOf(orderId: string): Payment[] {
    return this.payments
      .values()
      .filter((payment) => payment.order_id === orderId)
      .toReversed();
  }

  /** The payer pays an order in checkout. Captured at once when the order says so. */
  pay(orderId: string, capture: 'as_ordered' | 'never'): Payment {
    const payment = this.#attempt(orderId);
    const authorized = this.payments.change(payment.id, { status: 'authorized' });
    this.emit('payment.authorized', { payment: authorized });
    const automatic = capture === 'as_ordered' && this.order(orderId)._autoCapture;
    return automatic ? this.#capture(authorized) : authorized;
  }

  /** The payer's attempt fails. The order can still be paid. */
  fail(orderId: string): Payment {
    const payment = this.#attempt(orderId);
    const failed = this.payments.change(payment.id, {
      status: 'failed',
      error_code: 'BAD_REQUEST_ERROR',
      error_description: 'Payment failed',
      error_source: 'bank',
      error_step: 'payment_authorization',
      error_reason: 'payment_failed',
      acquirer_data: { bank_transaction_id: null },
    });
    this.emit('payment.failed', { payment: failed });
    return failed;
  }

  /** @throws RazorpayFailure 400 when it is captured already, was never authorised, or the amount is another one. */
  capture(paymentId: string, amountMinor: number, currency: string | null): Payment {
    const payment = this.payment(paymentId);
    if (payment.captured) throw badRequest('This payment has already been captured');
    if (payment.status !== 'authorized') {
      throw badRequest('Only payments which have been authorized and not yet captured can be captured');
    }
    if (amountMinor !== payment.amount || (currency !== null && currency !== payment.currency)) {
      throw badRequest('Capture amount must be equal to the amount authorized', 'amount');
    }
    return this.#capture(payment);
  }

  /** Refunds (a part of) a captured payment; it is processed at once, unless it is planned otherwise. */
  refund(
    paymentId: string,
    fields: { amountMinor: number | null; notes: Order['notes']; receipt: string | null; speed: string },
  ) {
    const payment = this.payment(paymentId);
    if (!payment.captured) throw badRequest('The payment status should be captured for action to be taken');
    // Razorpay's own words for this are not published.
    if (refusesRefunds(this, paymentId)) throw badRequest('Refund is not allowed on a disputed payment');
    const left = payment.amount - payment.amount_refunded;
    if (left === 0) throw badRequest('The payment has been fully refunded already');
    const amount = fields.amountMinor ?? left;
    if (amount > left) throw badRequest('The total refund amount is greater than the refund payment amount', 'amount');
    const plan = this.refundPlans.take();
    // The words of a refund that comes too late: https://razorpay.com/docs/api/refunds/create-normal/
    if (plan?.outcome === 'refused') throw badRequest(plan.reason ?? 'The payment is older than six months');
    const made = newRefund(payment, { ...fields, amount });
    const refund: RazorpayRefund = { ...made, status: plan === null ? 'processed' : 'pending' };
    this.refunds.put(refund.id, refund);
    const amount_refunded = payment.amount_refunded + amount;
    const full = amount_refunded === payment.amount;
    const after = this.payments.change(paymentId, {
      amount_refunded,
      refund_status: full ? 'full' : 'partial',
      status: full ? 'refunded' : payment.status,
    });
    this.emit('refund.created', { refund, payment: after });
    if (plan === null) this.emit('refund.processed', { refund, payment: after });
    return refund;
  }

  /** The bank takes a refund, or returns its money to the account's balance. */
  finishRefund(id: string, arrives: boolean): void {
    const refund = this.refunds.change(id, { status: arrives ? 'processed' : 'failed' });
    const before = this.payment(refund.payment_id);
    if (arrives) return this.emit('refund.processed', { refund, payment: before });
    const amount_refunded = before.amount_refunded - refund.amount;
    const refund_status = amount_refunded === 0 ? null : ('partial' as const);
    const payment = this.payments.change(before.id, { amount_refunded, refund_status, status: 'captured' });
    this.emit('refund.failed', { refund, payment });
  }

  /** HMAC-SHA256 of `order_id|payment_id` with the key secret. */
  checkoutAnswer({ order_id: orderId, id: paymentId }: Payment): CheckoutAnswer {
    const signature = signRazorpay(`${orderId}|${paymentId}`, razorpayCredentials.keySecret);
    return { orderId, paymentId, signature };
  }

  #attempt(orderId: string): Payment {
    const order = this.order(orderId);
    if (order.status === 'paid') throw badRequest('Order already paid');
    this.orders.change(orderId, { attempts: order.attempts + 1, status: 'attempted' });
    const payment = newPayment(order);
    return this.payments.put(payment.id, payment);
  }

  #capture(payment: Payment): Payment {
    const captured = this.payments.change(payment.id, {
      status: 'captured',
      captured: true,
      base_amount: payment.amount,
      amount_transferred: 0,
      // Two per cent, rounded, and no tax: something to book, not a tariff.
      fee: Math.round(payment.amount * 0.02),
      tax: 0,
    });
    const order = this.orders.change(payment.order_id, { amount_paid: payment.amount, amount_due: 0, status: 'paid' });
    this.emit('payment.captured', { payment: captured });
    this.emit('order.paid', { payment: captured, order: orderEntity(order) });
    return captured;
  }

  /** Sends an event about these entities to the webhook's destination. */
  emit(event: string, entities: Record<string, object>): void {
    const payload = Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity }]));
    const body = {
      entity: 'event',
      account_id: RAZORPAY_ACCOUNT_ID,
      event,
      contains: Object.keys(entities),
      payload,
      created_at: unixNow(),
    };
    // Event ids are Razorpay's own in form: 14 letters or digits without a prefix.
    const eventId = razorpayId('e').slice(2);
    this.webhooks.enqueue({ provider: 'razorpay', eventId, type: event, body: JSON.stringify(body) });
  }
}
