import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stripeCredentials } from '../sandbox/credentials.js';
import { type Bench, startBench } from './test-sandbox.js';
import { configFor, startLocalServer } from './test-support.js';
import { createProviders } from './index.js';
import type { RefundOrder } from './refund-types.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());
afterEach(() => {
  bench.sandbox.control.clearFaults();
  bench.sandbox.control.refunds.clearPlans();
});

type Method = 'stripe' | 'razorpay';

/** A captured payment of 50.00, and a refund of it that nobody has sent yet. */
async function paid(method: Method, amountMinor = 5_000): Promise<RefundOrder> {
  const money = { amountMinor: 5_000, currency: method === 'stripe' ? 'EUR' : 'INR' };
  const ids = { paymentId: randomUUID(), appointmentId: randomUUID(), clientId: randomUUID() };
  const { providerRef } = await bench.providers[method].openCheckout({ ...ids, money, description: 'Session' });
  bench.sandbox.control.payments.act(providerRef, 'pay');
  const { chargeRef } = await bench.providers[method].fetchPayment(providerRef);
  return { refundId: randomUUID(), providerRef, chargeRef, amountMinor };
}

const atSandbox = ({ providerRef }: RefundOrder) => bench.sandbox.control.refunds.list(providerRef);
const creations = () =>
  bench.sandbox.control.calls().filter(({ method, path }) => method === 'POST' && /\/refunds?$/.test(path));

describe.each(['stripe', 'razorpay'] as const)('%s', (method) => {
  const gateway = () => bench.providers[method];

  test('a refund carries our id, and a repeat meets it without asking for another', async () => {
    const order = await paid(method, 2_000);
    const first = await gateway().refundPayment(order);
    const asked = creations().length;
    expect(await gateway().refundPayment(order)).toEqual(first);
    expect(creations()).toHaveLength(asked);
    expect(first).toMatchObject({
      refundRef: expect.stringMatching(/^(re|rfnd)_/) as string,
      status: 'succeeded',
      money: { amountMinor: 2_000 },
      refundId: order.refundId,
      failureCode: null,
    });
    expect(await gateway().fetchRefund(first.refundRef)).toEqual(first);
    expect(await gateway().listRefunds(order)).toEqual([first]);
    expect(atSandbox(order)).toMatchObject([{ id: first.refundRef, amountMinor: 2_000, refundId: order.refundId }]);
  });

  test.each(['reset_after', 'reset_before', 'error500'] as const)('%s twice leaves one refund', async (kind) => {
    const order = await paid(method, 1_000);
    const fault = {
      provider: method,
      method: 'POST',
      kind,
      times: 2,
      ...(kind === 'error500' ? { stored: false } : {}),
    };
    bench.sandbox.control.addFault(fault);
    await expect(gateway().refundPayment(order)).rejects.toMatchObject({ retryable: true });
    const { refundRef } = await gateway().refundPayment(order);
    expect(atSandbox(order).map(({ id }) => id)).toEqual([refundRef]);
  });

  test('ten at once are one refund', async () => {
    const order = await paid(method, 500);
    const sent = await Promise.allSettled(Array.from({ length: 10 }, () => gateway().refundPayment(order)));
    for (const one of sent) if (one.status === 'rejected') expect(one.reason).toMatchObject({ retryable: true });
    expect(atSandbox(order)).toHaveLength(1);
  });

  test('more than is left, and what is refunded already, are refused for good', async () => {
    const order = await paid(method);
    await expect(
      gateway().refundPayment({ ...order, refundId: randomUUID(), amountMinor: 5_001 }),
    ).rejects.toMatchObject({
      retryable: false,
      httpStatus: 400,
    });
    await gateway().refundPayment(order);
    await expect(gateway().refundPayment({ ...order, refundId: randomUUID() })).rejects.toMatchObject({
      retryable: false,
      httpStatus: 400,
    });
    expect(atSandbox(order)).toHaveLength(1);
  });

  test('a disputed payment is not refunded', async () => {
    const order = await paid(method);
    bench.sandbox.control.disputes.act(order.providerRef, 'open_dispute');
    await expect(gateway().refundPayment(order)).rejects.toMatchObject({ retryable: false });
    expect(atSandbox(order)).toEqual([]);
  });

  test('pending, then failed at the bank', async () => {
    const order = await paid(method);
    bench.sandbox.control.refunds.plan(method, { outcome: 'pending' });
    const { refundRef, status } = await gateway().refundPayment(order);
    expect(status).toBe('pending');
    bench.sandbox.control.refunds.act(refundRef, 'fail');
    expect(await gateway().fetchRefund(refundRef)).toMatchObject({
      status: 'failed',
      failureCode: expect.any(String) as string,
    });
  });

  test('a balance that is too low is worth another try', async () => {
    const order = await paid(method);
    const reason = method === 'stripe' ? 'balance_insufficient' : 'Your account does not have enough balance';
    bench.sandbox.control.refunds.plan(method, { outcome: 'refused', reason, times: 2 });
    await expect(gateway().refundPayment(order)).rejects.toMatchObject({
      code: 'insufficient_balance',
      retryable: true,
    });
  });

  test('one made by hand is listed without our id', async () => {
    const order = await paid(method);
    const { id } = bench.sandbox.control.refunds.make(order.providerRef, 700);
    expect(await gateway().listRefunds({ ...order, chargeRef: null })).toMatchObject([
      { refundRef: id, refundId: null, money: { amountMinor: 700 } },
    ]);
  });

  test('its events say whose refunds have changed', async () => {
    const order = await paid(method);
    await gateway().refundPayment(order);
    const seen = new Set<string>();
    const wanted = method === 'stripe' ? ['refund.created', 'charge.refunded'] : ['refund.created', 'refund.processed'];
    while (!wanted.every((type) => seen.has(type))) {
      const { headers, body, url } = await bench.inbox.next();
      if (!url.includes(method)) continue;
      const event = await gateway().parseWebhook(body, headers);
      if (event.refund?.providerRef !== order.providerRef) continue;
      expect(event).toMatchObject({ payment: null, dispute: null, refund: { chargeRef: order.chargeRef } });
      seen.add(event.type);
    }
  });
});

test('Stripe: a refund whose key was pruned is found by its metadata', async () => {
  const order = await paid('stripe', 900);
  const { hostname: host, port } = new URL(bench.sandbox.url);
  const sdk = new Stripe(stripeCredentials.secretKey, { host, port, protocol: 'http', telemetry: false });
  const made = await sdk.refunds.create({
    payment_intent: order.providerRef,
    amount: 900,
    metadata: { refundId: order.refundId },
  });
  expect((await bench.providers.stripe.refundPayment(order)).refundRef).toBe(made.id);
  expect(atSandbox(order)).toHaveLength(1);
});

test('Stripe: a failure stored under the key does not hold the money back for a day', async () => {
  const order = await paid('stripe', 900);
  bench.sandbox.control.addFault({ provider: 'stripe', method: 'POST', kind: 'error500', stored: true, times: 1 });
  const { refundRef } = await bench.providers.stripe.refundPayment(order);
  expect(atSandbox(order).map(({ id }) => id)).toEqual([refundRef]);
});

test('Razorpay: 409 means that the first request is under way, and is tried again with the same key', async () => {
  const keys: (string | string[] | undefined)[] = [];
  const refund = { id: 'rfnd_1', amount: 100, currency: 'INR', payment_id: 'pay_1', status: 'processed', notes: [] };
  const server = await startLocalServer((request, response) => {
    const isFirst = request.method === 'POST' && keys.push(request.headers['x-refund-idempotency']) === 1;
    response.writeHead(isFirst ? 409 : 200, { 'content-type': 'application/json' });
    const answer = request.method === 'POST' ? refund : { items: [] };
    response.end(
      JSON.stringify(isFirst ? { error: { code: 'BAD_REQUEST_ERROR', description: 'in progress' } } : answer),
    );
  });
  try {
    const { razorpay } = createProviders(configFor(server.url));
    const order = { refundId: randomUUID(), providerRef: 'order_1', chargeRef: 'pay_1', amountMinor: 100 };
    expect(await razorpay.refundPayment(order)).toMatchObject({ refundRef: 'rfnd_1' });
    expect(keys).toEqual([`refund-${order.refundId}`, `refund-${order.refundId}`]);
  } finally {
    await server.close();
  }
});
