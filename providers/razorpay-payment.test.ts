import { expect, test } from 'vitest';
import { readOrder, readPayments, toPayment } from './razorpay-payment.js';
import { ProviderError } from './types.js';

const order = readOrder({
  id: 'order_1',
  amount: 500,
  currency: 'INR',
  status: 'attempted',
  notes: { paymentId: 'p-1' },
});

/** Attempts, oldest first. */
function attempts(...overs: Record<string, unknown>[]) {
  return readPayments({
    items: overs.map((over, index) => ({
      id: `pay_${index + 1}`,
      amount: 500,
      currency: 'INR',
      order_id: 'order_1',
      created_at: 1_000 + index,
      notes: [],
      ...over,
    })),
  });
}
const failed = { status: 'failed', error_code: 'BAD_REQUEST_ERROR', error_reason: 'payment_failed' };
const captured = { status: 'captured', captured: true };

test.each([
  ['no attempt', [], 'open', null],
  ['one that waits for the payer', [{ status: 'created' }], 'open', 'pay_1'],
  ['a failed one', [failed], 'failed', 'pay_1'],
  ['a failed one, then a new one', [failed, { status: 'created' }], 'open', 'pay_2'],
  ['a failed one after an authorised one', [{ status: 'authorized' }, failed], 'authorized', 'pay_1'],
  ['a failed one after a captured one', [captured, failed], 'succeeded', 'pay_1'],
  ['an authorised one after a captured one', [captured, { status: 'authorized' }], 'succeeded', 'pay_1'],
  ['captured, then refunded', [{ status: 'refunded', captured: true }], 'succeeded', 'pay_1'],
  ['an authorisation given back', [{ status: 'refunded', captured: false }], 'failed', 'pay_1'],
])('%s', (_name, payments, status, chargeRef) => {
  expect(toPayment(order, attempts(...payments))).toMatchObject({ status, chargeRef, providerRef: 'order_1' });
});

test('money is the captured amount, else the order', () => {
  expect(toPayment(order, attempts({ ...captured, amount: 450 })).money).toEqual({ amountMinor: 450, currency: 'INR' });
  expect(toPayment(order, attempts({ ...failed, amount: 450 })).money).toEqual({ amountMinor: 500, currency: 'INR' });
});

test('our id comes from the order, else from the payment; the reason is the failure', () => {
  const anonymous = readOrder({ ...order, notes: [] });
  expect(toPayment(order, [])).toMatchObject({ paymentId: 'p-1', failureCode: null });
  expect(toPayment(anonymous, attempts({ ...failed, notes: { paymentId: 'p-2' } }))).toMatchObject({
    paymentId: 'p-2',
    failureCode: 'payment_failed',
  });
  expect(toPayment(anonymous, []).paymentId).toBeNull();
});

test('an answer that is no entity is retryable', () => {
  expect(() => readOrder('<html>')).toThrow(
    expect.objectContaining({ name: 'ProviderError', code: 'response_unreadable', retryable: true }),
  );
  expect(() => readPayments({ items: [{}] })).toThrow(ProviderError);
});
