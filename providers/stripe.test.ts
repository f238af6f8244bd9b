import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PaymentAction } from '../sandbox/control/payments.js';
import { type Bench, startBench } from './test-sandbox.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());
afterEach(() => bench.sandbox.control.clearFaults());

const stripe = () => bench.providers.stripe;

function checkout(over: { paymentId?: string; amountMinor?: number } = {}) {
  const { paymentId = randomUUID(), amountMinor = 5_000 } = over;
  const money = { amountMinor, currency: 'EUR' };
  return { paymentId, appointmentId: randomUUID(), clientId: randomUUID(), money, description: 'Session' };
}

async function opened(...actions: PaymentAction[]): Promise<string> {
  const { providerRef } = await stripe().openCheckout(checkout());
  for (const action of actions) bench.sandbox.control.payments.act(providerRef, action);
  return providerRef;
}

const intentsOf = (paymentId: string) => bench.sandbox.control.payments.list({ metadata: { paymentId } });

test('a checkout carries our ids, and a repeat meets the same intent', async () => {
  const request = checkout();
  const first = await stripe().openCheckout(request);
  const second = await stripe().openCheckout(request);

  expect(second).toEqual(first);
  expect(first.checkout).toMatchObject({ method: 'stripe', publishableKey: 'pk_test_punctual' });
  expect(await stripe().resumeCheckout(first.providerRef)).toEqual(first.checkout);
  const { paymentId, appointmentId, clientId } = request;
  expect(intentsOf(paymentId)).toMatchObject([
    { ref: first.providerRef, metadata: { paymentId, appointmentId, clientId } },
  ]);
  expect(await stripe().fetchPayment(first.providerRef)).toEqual({
    providerRef: first.providerRef,
    status: 'open',
    money: { amountMinor: 5_000, currency: 'EUR' },
    chargeRef: null,
    paymentId,
    failureCode: null,
  });
});

test('the same payment with another sum is refused for good', async () => {
  const request = checkout();
  await stripe().openCheckout(request);
  const other = { ...request, money: { ...request.money, amountMinor: 1 } };
  await expect(stripe().openCheckout(other)).rejects.toMatchObject({ code: 'idempotency_error', retryable: false });
});

test.each([
  ['a cut after the effect', { kind: 'reset_after' as const }],
  ['a cut before it', { kind: 'reset_before' as const }],
  ['an outage in between', { kind: 'error500' as const, stored: false }],
])('%s leaves one intent', async (_name, fault) => {
  const request = checkout();
  bench.sandbox.control.addFault({ provider: 'stripe', method: 'POST', times: 1, ...fault });
  const { providerRef } = await stripe().openCheckout(request);
  expect(intentsOf(request.paymentId).map(({ ref }) => ref)).toEqual([providerRef]);
});

test('a failure stored under the key does not block the payment for a day', async () => {
  const request = checkout();
  bench.sandbox.control.addFault({ provider: 'stripe', method: 'POST', kind: 'error500', stored: true, times: 1 });
  const first = await stripe().openCheckout(request);
  expect(await stripe().openCheckout(request)).toEqual(first);
  expect(intentsOf(request.paymentId)).toHaveLength(1);
});

test('too many requests is retryable', async () => {
  bench.sandbox.control.addFault({ provider: 'stripe', kind: 'error429' });
  await expect(stripe().openCheckout(checkout())).rejects.toMatchObject({ httpStatus: 429, retryable: true });
});

test('a payment that arrived, and its event', async () => {
  const request = checkout();
  const { providerRef } = await stripe().openCheckout(request);
  bench.sandbox.control.payments.act(providerRef, 'pay');
  const fetched = await stripe().fetchPayment(providerRef);

  expect(fetched).toMatchObject({ status: 'succeeded', paymentId: request.paymentId, money: { amountMinor: 5_000 } });
  expect(fetched.chargeRef).toMatch(/^ch_/);
  for (;;) {
    const { headers, body } = await bench.inbox.next();
    const event = await stripe().parseWebhook(body, headers);
    if (event.type !== 'payment_intent.succeeded' || event.payment?.providerRef !== providerRef) continue;
    expect(event.payment).toEqual(fetched);
    break;
  }
});

test('a decline, and 3-D Secure', async () => {
  expect(await stripe().fetchPayment(await opened('decline'))).toMatchObject({
    status: 'failed',
    failureCode: 'generic_decline',
    chargeRef: expect.stringMatching(/^ch_/),
  });
  const { providerRef } = await stripe().openCheckout(checkout());
  const { payments } = bench.sandbox.control;
  payments.act(providerRef, 'pay', { paymentMethod: 'pm_card_authenticationRequired' });
  expect((await stripe().fetchPayment(providerRef)).status).toBe('requires_action');
  payments.act(providerRef, 'fail_authentication');
  expect((await stripe().fetchPayment(providerRef)).status).toBe('failed');
});

test('cancelling what is open makes it unpayable, twice is the same', async () => {
  const providerRef = await opened('decline');
  expect((await stripe().cancelPayment(providerRef)).status).toBe('canceled');
  expect((await stripe().cancelPayment(providerRef)).status).toBe('canceled');
  expect(() => bench.sandbox.control.payments.act(providerRef, 'pay')).toThrow();
});

test('cancelling what is paid answers with the money', async () => {
  expect((await stripe().cancelPayment(await opened('pay'))).status).toBe('succeeded');
});

test('money that arrives between the read and the cancel wins', async () => {
  const providerRef = await opened();
  bench.sandbox.control.addFault({ provider: 'stripe', path: '/cancel', kind: 'latency', ms: 400, times: 1 });
  const canceling = stripe().cancelPayment(providerRef);
  await expect
    .poll(() => bench.sandbox.control.calls().some(({ path }) => path.includes(`${providerRef}/cancel`)))
    .toBe(true);
  bench.sandbox.control.payments.act(providerRef, 'pay');
  expect((await canceling).status).toBe('succeeded');
});

test('capturing what is not authorised is a read', async () => {
  const providerRef = await opened('pay');
  expect((await stripe().capturePayment(providerRef)).status).toBe('succeeded');
  expect(bench.sandbox.control.calls().some(({ path }) => path.includes(`${providerRef}/capture`))).toBe(false);
});

test('an object that is not there is final', async () => {
  await expect(stripe().fetchPayment('pi_nowhere')).rejects.toMatchObject({
    code: 'resource_missing',
    retryable: false,
  });
});
