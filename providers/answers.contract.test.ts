import { describe, expect, test } from 'vitest';
import { readOrder, readPayments, toPayment } from './razorpay-payment.js';
import { parseRazorpayWebhook } from './razorpay-webhook.js';
import { hmacSha256Hex } from './signatures.js';
import { type IntentFields, toPayment as toStripePayment } from './stripe-payment.js';
import { hasContracts, readContract } from './test-contracts.js';

/** A published example: Razorpay has several of a kind under one heading. */
interface Example {
  heading: string;
  label: string;
  body: Record<string, unknown>;
}

function webhooks(path: string): [string, Record<string, unknown>][] {
  if (!hasContracts) return [];
  return readContract<Example[]>(path).map(({ body, label }) => [`${String(body['event'])}, ${label}`, body]);
}

function parse(body: Record<string, unknown>) {
  const raw = JSON.stringify(body);
  const headers = new Headers({ 'x-razorpay-signature': hmacSha256Hex('hook', raw), 'x-razorpay-event-id': 'e1' });
  return parseRazorpayWebhook(raw, headers, 'hook');
}

describe.runIf(hasContracts)("the vendors' published answers are read", () => {
  test("Stripe's PaymentIntent", () => {
    const { resources } = readContract<{ resources: { payment_intent: IntentFields } }>('stripe/fixtures-2026-08.json');
    expect(toStripePayment(resources.payment_intent)).toMatchObject({
      status: 'failed',
      money: { amountMinor: 1099, currency: 'USD' },
      paymentId: null,
    });
  });

  test("Razorpay's orders and payments", () => {
    const order = readOrder(readContract<Example[]>('razorpay/orders-fetch-with-id.json')[0]?.body);
    const payments = readPayments(readContract<Example[]>('razorpay/orders-fetch-payments.json')[0]?.body);
    expect(payments).toHaveLength(2);
    expect(toPayment(order, payments)).toMatchObject({
      status: 'succeeded',
      chargeRef: 'pay_N8FVRD1DzYzBh1',
      money: { amountMinor: 100, currency: 'INR' },
    });
  });
});

describe.runIf(hasContracts)("Razorpay's published webhooks are read", () => {
  const statusOf: Record<string, string> = {
    'payment.authorized': 'authorized',
    'payment.captured': 'succeeded',
    'payment.failed': 'failed',
    'order.paid': 'succeeded',
  };
  const all = ['payments', 'orders', 'refunds', 'disputes'].flatMap((kind) =>
    webhooks(`razorpay/webhooks-${kind}.json`),
  );

  test.each(all)('%s', (_name, body) => {
    const event = parse(body);
    expect(event.payment?.status).toBe(statusOf[event.type]);
    expect(Number.isNaN(event.occurredAt.getTime())).toBe(false);
    if (event.payment) expect(event.payment.providerRef).toMatch(/^order_/);
  });

  test('they are all four kinds', () => {
    expect(new Set(all.map(([name]) => name.split(/[.,]/)[0]))).toEqual(new Set(['payment', 'order', 'refund']));
  });
});
