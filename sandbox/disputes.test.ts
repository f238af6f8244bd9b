import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type Stripe from 'stripe';
import { type Sandbox, startSandbox } from './server.js';
import {
  controlCall,
  eventTypes,
  razorpaySdk,
  rejection,
  startAfresh,
  startReceiver,
  stripeSdk,
  type WebhookReceiver,
} from './test-support.js';

let sandbox: Sandbox;
let receiver: WebhookReceiver;
let stripe: Stripe;
let razorpay: ReturnType<typeof razorpaySdk>;
beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ destinations: { stripe: receiver.url, razorpay: receiver.url } });
  stripe = stripeSdk(sandbox.url);
  razorpay = razorpaySdk(sandbox.url);
});
beforeEach(() => startAfresh(sandbox, receiver));
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const paidIntent = () =>
  stripe.paymentIntents.create({ amount: 5000, currency: 'usd', payment_method: 'pm_card_visa', confirm: true });

async function paidOrder(): Promise<string> {
  const { id } = await razorpay.orders.create({ amount: 50_000, currency: 'INR' });
  sandbox.control.payments.act(id, 'pay');
  return id;
}

const disputeTypes = () => eventTypes(receiver.received).filter((type) => type.includes('dispute'));

test('Stripe: opened takes the money and refuses refunds, won gives both back', async () => {
  const { id } = await paidIntent();
  const { id: disputeId } = sandbox.control.disputes.act(id, 'open_dispute', {
    amountMinor: 2000,
    evidenceDueAt: '2027-01-05T00:00:00Z',
  });
  const { data } = await stripe.disputes.list({ payment_intent: id });
  expect(data).toMatchObject([{ id: disputeId, amount: 2000, status: 'needs_response', is_charge_refundable: false }]);
  expect(data[0]!.evidence_details.due_by).toBe(Date.UTC(2027, 0, 5) / 1000);
  expect(await rejection(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ code: 'charge_disputed' });
  sandbox.control.disputes.act(id, 'win_dispute');
  const won = await stripe.disputes.retrieve(disputeId, { expand: ['payment_intent'] });
  expect(won).toMatchObject({ status: 'won', payment_intent: { id } });
  expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-2000, 2000]);
  expect((await stripe.refunds.create({ payment_intent: id })).status).toBe('succeeded');
  await receiver.waitFor(11);
  expect(new Set(disputeTypes())).toEqual(
    new Set(
      ['created', 'funds_withdrawn', 'updated', 'closed', 'funds_reinstated'].map((what) => `charge.dispute.${what}`),
    ),
  );
});

test('Stripe: an inquiry takes nothing, becomes a chargeback, and is lost for good', async () => {
  const { id } = await paidIntent();
  const inquiry = sandbox.control.disputes.act(id, 'open_dispute', { isInquiry: true });
  expect(inquiry.status).toBe('warning_needs_response');
  await stripe.refunds.create({ payment_intent: id, amount: 100 });
  expect(sandbox.control.disputes.act(id, 'open_dispute')).toMatchObject({ id: inquiry.id, status: 'needs_response' });
  sandbox.control.disputes.act(id, 'lose_dispute');
  expect(await rejection(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ code: 'charge_disputed' });
});

test('Razorpay: open and lost disputes refuse refunds, and only a lost one deducts', async () => {
  const id = await paidOrder();
  const opened = sandbox.control.disputes.act(id, 'open_dispute', { reason: 'goods_not_received' });
  expect(await razorpay.disputes.fetch(opened.id)).toMatchObject({
    status: 'open',
    amount_deducted: 0,
    amount: 50_000,
  });
  const refused = await rejection(razorpay.payments.refund(opened.chargeRef, { amount: 100 }));
  expect(refused).toMatchObject({ statusCode: 400, error: { code: 'BAD_REQUEST_ERROR' } });
  sandbox.control.disputes.act(id, 'lose_dispute');
  expect((await razorpay.disputes.all()).items).toMatchObject([{ status: 'lost', amount_deducted: 50_000 }]);
  await rejection(razorpay.payments.refund(opened.chargeRef, { amount: 100 }));
  await receiver.waitFor(6);
  expect(new Set(disputeTypes())).toEqual(
    new Set(['created', 'under_review', 'lost'].map((what) => `payment.dispute.${what}`)),
  );
});

test('over HTTP: what cannot be is told, and options are checked', async () => {
  const id = await paidOrder();
  const post = (action: string, body?: object) =>
    controlCall<{ status: string }>(sandbox.url, 'POST', `/payments/${id}/${action}`, body);
  await expect(post('win_dispute')).rejects.toThrow(/^Error: 409|^409/);
  await expect(post('open_dispute', { amount: 1 })).rejects.toThrow(/400/);
  expect(await post('open_dispute', { amountMinor: 1000, isInquiry: true })).toMatchObject({ status: 'open' });
  await expect(post('open_dispute')).rejects.toThrow(/409/);
  expect(await post('close_dispute')).toMatchObject({ status: 'closed' });
});
