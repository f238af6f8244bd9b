import type Razorpay from 'razorpay';
import { z } from 'zod';
import type { ListedPayment } from './listing-types.js';
import {
  readOrder,
  readOrders,
  readPayments,
  toPayment,
  type RazorpayOrder,
  type RazorpayPaymentEntity,
} from './razorpay-payment.js';

/** A page of Razorpay's lists at most. */
const PAGE = 100;

/** Runs a call that is harmless to repeat. */
type Repeatable = <T>(request: () => Promise<T>) => Promise<T>;

const minor = z.coerce.number().int().catch(0);

function toListed(order: RazorpayOrder, payments: readonly RazorpayPaymentEntity[]): ListedPayment {
  const captured = payments.filter((payment) => payment.captured === true || payment.status === 'captured');
  return {
    payment: toPayment(order, payments),
    charges: captured.map((payment) => ({
      chargeRef: payment.id,
      money: { amountMinor: payment.amount, currency: payment.currency.toUpperCase() },
      refundedMinor: minor.parse(payment['amount_refunded'] ?? 0),
    })),
  };
}

/**
 * Orders by their own time with their payments, then older orders that somebody paid since. Payments are listed first
 * and then met by their orders, since the SDK can't ask for both at once.
 * https://razorpay.com/docs/api/orders/fetch-all/
 */
export async function* listRazorpayPayments(
  sdk: Razorpay,
  repeatable: Repeatable,
  span: { since: Date; until: Date },
): AsyncGenerator<ListedPayment[]> {
  const window = { from: Math.floor(span.since.getTime() / 1_000), to: Math.ceil(span.until.getTime() / 1_000) };
  const byOrder = await paymentsByOrder(sdk, repeatable, window);
  for (let skip = 0; ; skip += PAGE) {
    const orders = readOrders(await repeatable(() => sdk.orders.all({ ...window, count: PAGE, skip })));
    const page: ListedPayment[] = [];
    for (const order of orders) {
      const known = byOrder.get(order.id);
      byOrder.delete(order.id);
      // Paid while we listed: its payment was not in the list yet.
      if (known === undefined && order.status !== 'created') page.push(await fetchOne(sdk, repeatable, order.id));
      else page.push(toListed(order, known ?? []));
    }
    yield page;
    if (orders.length < PAGE) break;
  }
  for (const orderId of byOrder.keys()) yield [await fetchOne(sdk, repeatable, orderId)];
}

async function paymentsByOrder(sdk: Razorpay, repeatable: Repeatable, window: { from: number; to: number }) {
  const byOrder = new Map<string, RazorpayPaymentEntity[]>();
  for (let skip = 0; ; skip += PAGE) {
    const payments = readPayments(await repeatable(() => sdk.payments.all({ ...window, count: PAGE, skip })));
    for (const payment of payments) {
      const orderId = payment.order_id;
      if (typeof orderId === 'string') byOrder.set(orderId, [...(byOrder.get(orderId) ?? []), payment]);
    }
    if (payments.length < PAGE) return byOrder;
  }
}

/** An order with every payment it ever had. */
async function fetchOne(sdk: Razorpay, repeatable: Repeatable, orderId: string): Promise<ListedPayment> {
  const order = readOrder(await repeatable(() => sdk.orders.fetch(orderId)));
  return toListed(order, readPayments(await repeatable(() => sdk.orders.fetchPayments(orderId))));
}
