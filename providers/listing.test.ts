import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ListedPayment } from './listing-types.js';
import { type Bench, startBench } from './test-sandbox.js';
import { ProviderError } from './types.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.sandbox.control.reset());

const PROVIDERS = ['stripe', 'razorpay'] as const;
type Provider = (typeof PROVIDERS)[number];
const HOUR_MS = 3_600_000;

const request = (amountMinor = 5_000) => ({
  paymentId: randomUUID(),
  appointmentId: null,
  clientId: randomUUID(),
  money: { amountMinor, currency: 'INR' },
  description: 'Session',
});
const act = (ref: string, action: 'pay' | 'decline' | 'authorize') => bench.sandbox.control.payments.act(ref, action);

async function open(provider: Provider, amountMinor?: number) {
  const asked = request(amountMinor);
  const { providerRef } = await bench.providers[provider].openCheckout(asked);
  return { ...asked, providerRef };
}

async function list(provider: Provider, since = new Date(Date.now() - HOUR_MS)): Promise<ListedPayment[]> {
  const all: ListedPayment[] = [];
  for await (const page of bench.providers[provider].listPayments(since)) all.push(...page);
  return all;
}

describe.each(PROVIDERS)('%s', (provider) => {
  test('lists what was made with its status and our id, and what was captured and refunded of it', async () => {
    const unpaid = await open(provider);
    const declined = await open(provider);
    act(declined.providerRef, 'decline');
    const paid = await open(provider, 7_000);
    act(paid.providerRef, 'pay');
    const { chargeRef } = await bench.providers[provider].fetchPayment(paid.providerRef);
    const refund = { refundId: randomUUID(), amountMinor: 2_000, currency: 'INR' };
    await bench.providers[provider].refundPayment({ ...refund, providerRef: paid.providerRef, chargeRef });
    const found = new Map((await list(provider)).map((one) => [one.payment.providerRef, one]));
    expect(found.get(unpaid.providerRef)).toMatchObject({
      payment: { status: 'open', paymentId: unpaid.paymentId },
      charges: [],
    });
    expect(found.get(declined.providerRef)).toMatchObject({ payment: { status: 'failed' }, charges: [] });
    expect(found.get(paid.providerRef)).toMatchObject({
      payment: { status: 'succeeded', paymentId: paid.paymentId },
      charges: [{ chargeRef, money: { amountMinor: 7_000, currency: 'INR' }, refundedMinor: 2_000 }],
    });
    expect(found.size).toBe(3);
  });

  test('page after page', async () => {
    const refs: string[] = [];
    for (let n = 0; n < 103; n += 1) refs.push((await open(provider)).providerRef);
    act(refs[0]!, 'pay');
    act(refs[102]!, 'pay');
    const found = await list(provider);
    expect(new Set(found.map(({ payment }) => payment.providerRef))).toEqual(new Set(refs));
    expect(found.filter(({ charges }) => charges.length === 1)).toHaveLength(2);
  });

  test('an older object that was paid since is listed, one that was not is not', async () => {
    const untouched = await open(provider);
    const late = await open(provider);
    await sleep(1_100);
    const since = new Date();
    act(late.providerRef, 'pay');
    const found = await list(provider, since);
    expect(found).toMatchObject([{ payment: { providerRef: late.providerRef, status: 'succeeded' }, charges: [{}] }]);
    expect(found.map(({ payment }) => payment.providerRef)).not.toContain(untouched.providerRef);
  });

  test('with the provider away it throws, retryable', async () => {
    bench.sandbox.control.addFault({ provider, kind: 'reset_before' });
    const failure = await list(provider).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProviderError);
    expect(failure).toMatchObject({ retryable: true });
  });
});

test('what Razorpay has authorised is no captured money yet', async () => {
  const waiting = await open('razorpay');
  act(waiting.providerRef, 'authorize');
  expect(await list('razorpay')).toMatchObject([
    { payment: { status: 'authorized', paymentId: waiting.paymentId }, charges: [] },
  ]);
});
