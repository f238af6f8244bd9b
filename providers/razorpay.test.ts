import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Bench, startBench } from './test-sandbox.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());
afterEach(() => bench.sandbox.control.clearFaults());

const razorpay = () => bench.providers.razorpay;
const act = (...args: Parameters<typeof bench.sandbox.control.payments.act>) =>
  bench.sandbox.control.payments.act(...args);
const ordersOf = (paymentId: string) => bench.sandbox.control.payments.list({ metadata: { paymentId } });

function checkout() {
  const money = { amountMinor: 5_000, currency: 'INR' };
  return {
    paymentId: randomUUID(),
    appointmentId: randomUUID(),
    clientId: randomUUID(),
    money,
    description: 'Session',
  };
}

async function opened(): Promise<string> {
  return (await razorpay().openCheckout(checkout())).providerRef;
}

test('a checkout carries our ids, and a repeat meets the same order', async () => {
  const request = checkout();
  const first = await razorpay().openCheckout(request);
  expect(await razorpay().openCheckout(request)).toEqual(first);

  const { paymentId, appointmentId, clientId } = request;
  const { providerRef } = first;
  expect(first.checkout).toEqual({ method: 'razorpay', orderId: providerRef, keyId: 'rzp_test_punctual' });
  expect(await razorpay().resumeCheckout(providerRef)).toEqual(first.checkout);
  expect(ordersOf(paymentId)).toMatchObject([{ ref: providerRef, metadata: { paymentId, appointmentId, clientId } }]);
  expect(await razorpay().fetchPayment(providerRef)).toEqual({
    providerRef,
    status: 'open',
    money: { amountMinor: 5_000, currency: 'INR' },
    chargeRef: null,
    paymentId,
    failureCode: null,
  });
});

test('the same payment with another sum is refused for good', async () => {
  const request = checkout();
  await razorpay().openCheckout(request);
  const other = { ...request, money: { ...request.money, amountMinor: 9_900 } };
  await expect(razorpay().openCheckout(other)).rejects.toMatchObject({ code: 'receipt_reused', retryable: false });
});

test.each(['reset_after', 'reset_before', 'error500'] as const)('%s leaves one order', async (kind) => {
  const request = checkout();
  bench.sandbox.control.addFault({ provider: 'razorpay', method: 'POST', kind, times: 1 });
  const { providerRef } = await razorpay().openCheckout(request);
  expect(ordersOf(request.paymentId).map(({ ref }) => ref)).toEqual([providerRef]);
});

test('a failed attempt, then money: both events, and the money wins', async () => {
  const providerRef = await opened();
  act(providerRef, 'decline');
  expect(await razorpay().fetchPayment(providerRef)).toMatchObject({ status: 'failed', failureCode: 'payment_failed' });
  act(providerRef, 'pay');
  const fetched = await razorpay().fetchPayment(providerRef);
  expect(fetched).toMatchObject({ status: 'succeeded', chargeRef: expect.stringMatching(/^pay_/), failureCode: null });

  const seen = new Map<string, string>();
  while (!seen.has('order.paid')) {
    const { headers, body } = await bench.inbox.next();
    const event = await razorpay().parseWebhook(body, headers);
    if (event.payment?.providerRef === providerRef) seen.set(event.type, event.payment.status);
    if (event.type === 'order.paid')
      expect(event).toMatchObject({ payment: fetched, eventId: headers.get('x-razorpay-event-id') });
  }
  expect(seen.get('payment.failed')).toBe('failed');
});

test("the checkout's own signature is recognised", async () => {
  const { orderId = '', paymentId, signature = '' } = act(await opened(), 'pay');
  if (!paymentId?.startsWith('pay_')) throw new Error('the sandbox names no Razorpay payment');
  expect(razorpay().verifyCheckoutSignature({ orderId, paymentId, signature })).toBe(true);
  expect(razorpay().verifyCheckoutSignature({ orderId: 'order_other', paymentId, signature })).toBe(false);
});

test('an authorisation is captured once, and a second capture is a read', async () => {
  const providerRef = await opened();
  act(providerRef, 'authorize');
  expect((await razorpay().fetchPayment(providerRef)).status).toBe('authorized');
  expect((await razorpay().capturePayment(providerRef)).status).toBe('succeeded');
  expect((await razorpay().capturePayment(providerRef)).status).toBe('succeeded');
});

test('a capture whose answer was lost is success at the next try', async () => {
  const providerRef = await opened();
  act(providerRef, 'authorize');
  bench.sandbox.control.addFault({ provider: 'razorpay', path: '/capture', kind: 'reset_after', times: 1 });
  await expect(razorpay().capturePayment(providerRef)).rejects.toMatchObject({
    code: 'connection_failed',
    retryable: true,
  });
  expect((await razorpay().capturePayment(providerRef)).status).toBe('succeeded');
});

test('two captures at once: both see the money', async () => {
  const providerRef = await opened();
  act(providerRef, 'authorize');
  bench.sandbox.control.addFault({ provider: 'razorpay', path: '/capture', kind: 'latency', ms: 200 });
  const both = await Promise.all([razorpay().capturePayment(providerRef), razorpay().capturePayment(providerRef)]);
  expect(both.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
});

test('cancelling is a read: the order stays payable', async () => {
  const providerRef = await opened();
  expect((await razorpay().cancelPayment(providerRef)).status).toBe('open');
  act(providerRef, 'pay');
  expect((await razorpay().cancelPayment(providerRef)).status).toBe('succeeded');
});

test('an order that is not there is final', async () => {
  await expect(razorpay().fetchPayment('order_nowhere')).rejects.toMatchObject({ httpStatus: 400, retryable: false });
});
