import { expect, test } from 'vitest';
import { parseRazorpayWebhook } from './razorpay-webhook.js';
import { RazorpayGateway } from './razorpay.js';
import { hmacSha256Hex } from './signatures.js';
import { configFor } from './test-support.js';

const SECRET = 'hook';
const payment = {
  id: 'pay_1',
  amount: 500,
  currency: 'INR',
  status: 'captured',
  captured: true,
  order_id: 'order_1',
  notes: [],
};
const order = { id: 'order_1', amount: 500, currency: 'INR', status: 'paid', notes: { paymentId: 'p-1' } };

function body(event: string, payload: object): string {
  return JSON.stringify({ entity: 'event', event, payload, created_at: 1_700_000_000 });
}

function signed(rawBody: string, extra: Record<string, string> = { 'x-razorpay-event-id': 'evt_1' }): Headers {
  return new Headers({ 'x-razorpay-signature': hmacSha256Hex(SECRET, rawBody), ...extra });
}

test('order.paid is the order with its payment', () => {
  const raw = body('order.paid', { payment: { entity: payment }, order: { entity: order } });
  expect(parseRazorpayWebhook(raw, signed(raw), SECRET)).toEqual({
    provider: 'razorpay',
    eventId: 'evt_1',
    type: 'order.paid',
    occurredAt: new Date(1_700_000_000_000),
    payload: JSON.parse(raw),
    dispute: null,
    refund: null,
    payment: {
      providerRef: 'order_1',
      status: 'succeeded',
      money: { amountMinor: 500, currency: 'INR' },
      chargeRef: 'pay_1',
      paymentId: 'p-1',
      failureCode: null,
    },
  });
});

test('a payment event alone names its order', () => {
  const raw = body('payment.failed', {
    payment: { entity: { ...payment, status: 'failed', captured: false, error_reason: 'x' } },
  });
  expect(parseRazorpayWebhook(raw, signed(raw), SECRET).payment).toMatchObject({
    providerRef: 'order_1',
    status: 'failed',
    failureCode: 'x',
  });
});

test.each([
  ['refund.processed', { payment: { entity: payment }, refund: { entity: {} } }],
  ['payment.dispute.created', { payment: { entity: payment }, dispute: { entity: {} } }],
  ['payment.downtime.started', { 'payment.downtime': { entity: {} } }],
  ['payment.captured', { payment: { entity: { ...payment, order_id: null } } }],
])('%s says nothing of an order', (event, payload) => {
  const raw = body(event, payload);
  const parsed = parseRazorpayWebhook(raw, signed(raw), SECRET);
  expect(parsed).toMatchObject({ type: event, payment: null, payload: JSON.parse(raw) });
});

test('without an event id the same body is the same event', () => {
  const raw = body('order.paid', {});
  const id = parseRazorpayWebhook(raw, signed(raw, {}), SECRET).eventId;
  expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(parseRazorpayWebhook(raw, signed(raw, {}), SECRET).eventId).toBe(id);
  const other = body('order.paid', { more: 1 });
  expect(parseRazorpayWebhook(other, signed(other, {}), SECRET).eventId).not.toBe(id);
});

test('a changed body, a foreign signature and none are refused alike', () => {
  const raw = body('order.paid', {});
  const refusal = expect.objectContaining({ code: 'signature_invalid', retryable: false });
  expect(() => parseRazorpayWebhook(`${raw} `, signed(raw), SECRET)).toThrow(refusal);
  expect(() => parseRazorpayWebhook(raw, signed(raw), 'another secret')).toThrow(refusal);
  expect(() => parseRazorpayWebhook(raw, new Headers(), SECRET)).toThrow(refusal);
});

test('signed nonsense is unreadable', () => {
  for (const raw of ['no json', '[]', '{"event":"order.paid"}']) {
    expect(() => parseRazorpayWebhook(raw, signed(raw), SECRET)).toThrow(
      expect.objectContaining({ code: 'body_unreadable' }),
    );
  }
});

test("the checkout's signature is over order and payment with the key's secret", () => {
  const gateway = new RazorpayGateway(configFor('http://127.0.0.1:9').razorpay);
  const input = { orderId: 'order_1', paymentId: 'pay_1', signature: hmacSha256Hex('secret', 'order_1|pay_1') };
  expect(gateway.verifyCheckoutSignature(input)).toBe(true);
  expect(gateway.verifyCheckoutSignature({ ...input, paymentId: 'pay_2' })).toBe(false);
  expect(gateway.verifyCheckoutSignature({ ...input, signature: '' })).toBe(false);
  expect(gateway.verifyCheckoutSignature({ ...input, signature: input.signature.toUpperCase() })).toBe(false);
});
