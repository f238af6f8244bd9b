import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DisputeControl } from '../sandbox/control/disputes.js';
import { maybeRazorpayDispute } from './razorpay-dispute.js';
import { maybeStripeDispute } from './stripe-dispute.js';
import { type Bench, startBench } from './test-sandbox.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

const PAYMENT_ID = '0199aaaa-0000-7000-8000-000000000001';

async function paid(method: 'stripe' | 'razorpay', paymentId: string): Promise<string> {
  const { providerRef } = await bench.providers[method].openCheckout({
    paymentId,
    appointmentId: 'a',
    clientId: 'c',
    money: { amountMinor: 6_000, currency: 'INR' },
    description: 'An appointment',
  });
  bench.sandbox.control.payments.act(providerRef, 'pay');
  return providerRef;
}

describe.each(['stripe', 'razorpay'] as const)('a dispute at %s', (method) => {
  test('is fetched with the payment it is about, in every state', async () => {
    const paymentRef = await paid(method, PAYMENT_ID);
    const bank = (...told: Parameters<DisputeControl['act']>) => bench.sandbox.control.disputes.act(...told);
    const { id, chargeRef } = bank(paymentRef, 'open_dispute', {
      reason: 'fraudulent',
      amountMinor: 2_500,
      evidenceDueAt: '2027-01-05T12:00:00Z',
    });
    const gateway = bench.providers[method];
    const asked = {
      disputeRef: id,
      status: 'open',
      money: { amountMinor: 2_500, currency: 'INR' },
      reason: 'fraudulent',
      evidenceDueAt: new Date('2027-01-05T12:00:00Z'),
      paymentRef,
      chargeRef,
      paymentId: PAYMENT_ID,
    };
    expect(await gateway.fetchDispute(id)).toEqual(asked);
    bank(paymentRef, 'win_dispute');
    expect(await gateway.fetchDispute(id)).toEqual({ ...asked, status: 'won' });
    const { id: second } = bank(paymentRef, 'open_dispute');
    bank(paymentRef, 'lose_dispute');
    expect(await gateway.fetchDispute(second)).toMatchObject({ status: 'lost', money: { amountMinor: 6_000 } });
    const { id: third } = bank(paymentRef, 'open_dispute', { isInquiry: true });
    expect((await gateway.fetchDispute(third)).status).toBe('inquiry');
    bank(paymentRef, 'close_dispute');
    expect((await gateway.fetchDispute(third)).status).toBe('won');
  });

  test('that nobody knows is final', async () => {
    await expect(bench.providers[method].fetchDispute('dp_none')).rejects.toMatchObject({ retryable: false });
  });

  test('is told by a signed webhook', async () => {
    const paymentRef = await paid(method, '0199aaaa-0000-7000-8000-000000000002');
    const { id, chargeRef } = bench.sandbox.control.disputes.act(paymentRef, 'open_dispute');
    let webhook = await bench.inbox.next();
    while (!webhook.url.includes(method) || !webhook.body.includes(`"${id}"`)) webhook = await bench.inbox.next();
    const { body, headers } = webhook;
    const event = await bench.providers[method].parseWebhook(body, headers);
    expect(event).toMatchObject({ payment: null, dispute: { disputeRef: id, status: 'open', paymentRef, chargeRef } });
  });
});

test('Stripe: what takes no answer has no deadline, and an unknown status keeps refunds refused', () => {
  const object = { id: 'dp_1', amount: 100, currency: 'usd', charge: 'ch_1', status: 'some_new_one' };
  expect(maybeStripeDispute({ ...object, evidence_details: { due_by: 0 } })).toMatchObject({
    status: 'open',
    evidenceDueAt: null,
    paymentRef: null,
    paymentId: null,
  });
  expect(maybeStripeDispute({ ...object, amount: 0 })).toBeNull();
});

test('Razorpay: a closed dispute was lost when money was deducted', () => {
  const entity = { id: 'disp_1', payment_id: 'pay_1', amount: 100, currency: 'INR', status: 'closed', phase: 'fraud' };
  expect(maybeRazorpayDispute({ ...entity, amount_deducted: 100 }, null)?.status).toBe('lost');
  expect(maybeRazorpayDispute({ ...entity, amount_deducted: 0 }, null)?.status).toBe('won');
  const other = { id: 'pay_other', amount: 1, currency: 'INR', status: 'captured', order_id: 'order_other' };
  expect(maybeRazorpayDispute(entity, other)?.paymentRef).toBeNull();
});
