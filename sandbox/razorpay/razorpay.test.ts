import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import Razorpay from 'razorpay';
import { validatePaymentVerification } from 'razorpay/dist/utils/razorpay-utils.js';
import { razorpayCredentials } from '../credentials.js';
import { type Sandbox, startSandbox } from '../server.js';
import {
  controlCall,
  eventTypes,
  razorpaySdk,
  rejection,
  startAfresh,
  startReceiver,
  type WebhookReceiver,
} from '../test-support.js';

let sandbox: Sandbox;
let receiver: WebhookReceiver;
let razorpay: Razorpay;

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ destinations: { razorpay: `${receiver.url}/webhooks/razorpay` } });
  razorpay = razorpaySdk(sandbox.url);
});
beforeEach(() => startAfresh(sandbox, receiver));
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const ASKED = { amount: 50_000, currency: 'INR', receipt: 'receipt-1', notes: { paymentId: 'p-1' } };
const UNIQUE = { ...ASKED, unique_receipt: true };

function description(error: Record<string, unknown>): unknown {
  return (error['error'] as { description?: string } | undefined)?.description;
}

describe('an order', () => {
  it('is paid in checkout, captured at once, and the browser gets a genuine signature', async () => {
    const order = await razorpay.orders.create(ASKED);
    expect(order).toMatchObject({
      status: 'created',
      amount_due: 50_000,
      receipt: 'receipt-1',
      notes: { paymentId: 'p-1' },
    });
    type Paid = { orderId: string; paymentId: string; signature: string; status: string };
    const paid = await controlCall<Paid>(sandbox.url, 'POST', `/payments/${order.id}/pay`);
    expect(paid).toMatchObject({ orderId: order.id, status: 'paid' });
    const ids = { order_id: paid.orderId, payment_id: paid.paymentId };
    expect(validatePaymentVerification(ids, paid.signature, razorpayCredentials.keySecret)).toBe(true);
    const { items } = await razorpay.orders.fetchPayments(order.id);
    expect(items).toMatchObject([{ id: paid.paymentId, status: 'captured', captured: true, amount: 50_000 }]);
    expect(await razorpay.orders.fetch(order.id)).toMatchObject({
      status: 'paid',
      amount_paid: 50_000,
      amount_due: 0,
      attempts: 1,
    });
    const received = await receiver.waitFor(3);
    expect(eventTypes(received).toSorted()).toEqual(['order.paid', 'payment.authorized', 'payment.captured']);
    for (const { body, headers } of received) {
      const signature = String(headers['x-razorpay-signature']);
      expect(Razorpay.validateWebhookSignature(body, signature, razorpayCredentials.webhookSecret)).toBe(true);
    }
    expect(new Set(received.map(({ headers }) => headers['x-razorpay-event-id'])).size).toBe(3);
  });

  it('is captured by us when it says so', async () => {
    const order = await razorpay.orders.create({ ...ASKED, payment_capture: false });
    sandbox.control.payments.act(order.id, 'pay');
    const [payment] = (await razorpay.orders.fetchPayments(order.id)).items;
    expect(payment).toMatchObject({ status: 'authorized', captured: false });
    const { id = '' } = payment ?? {};
    expect(description(await rejection(razorpay.payments.capture(id, 49_999, 'INR')))).toContain('Capture amount');
    expect(await razorpay.payments.capture(id, 50_000, 'INR')).toMatchObject({ status: 'captured' });
    const again = await rejection(razorpay.payments.capture(id, 50_000, 'INR'));
    expect(again).toMatchObject({ statusCode: 400, error: { code: 'BAD_REQUEST_ERROR' } });
    expect(description(again)).toBe('This payment has already been captured');
  });

  it('survives a failed attempt, and stays payable', async () => {
    const order = await razorpay.orders.create(ASKED);
    expect(sandbox.control.payments.act(order.id, 'decline').status).toBe('attempted');
    sandbox.control.payments.act(order.id, 'authorize');
    sandbox.control.payments.act(order.id, 'capture');
    const { items } = await razorpay.orders.fetchPayments(order.id);
    expect(items.map(({ status }) => status)).toEqual(['captured', 'failed']);
    expect(items[1]).toMatchObject({ error_code: 'BAD_REQUEST_ERROR', error_reason: 'payment_failed' });
    expect(eventTypes(await receiver.waitFor(4))).toContain('payment.failed');
    await expect(controlCall(sandbox.url, 'POST', `/payments/${order.id}/pay`)).rejects.toThrow('409');
  });

  it('meets itself again by a unique receipt, and is doubled without', async () => {
    const first = await razorpay.orders.create(UNIQUE);
    expect((await razorpay.orders.create(UNIQUE)).id).toBe(first.id);
    expect(description(await rejection(razorpay.orders.create({ ...UNIQUE, amount: 60_000 })))).toContain('receipt');
    expect((await razorpay.orders.create(ASKED)).id).not.toBe(first.id);
    expect((await razorpay.orders.all({ receipt: 'receipt-1' })).items).toHaveLength(2);
  });
});

describe('what Razorpay refuses', () => {
  const cases: [string, object, string][] = [
    ['an unknown name', { ...ASKED, foo: 1 }, 'foo is/are not required and should not be sent'],
    ['less than a rupee', { ...ASKED, amount: 99 }, 'Order amount less than minimum amount allowed'],
    ['a long receipt', { ...ASKED, receipt: 'x'.repeat(41) }, 'The receipt may not be greater than 40 characters.'],
  ];
  it.each(cases)('%s', async (_name, params, expected) => {
    const error = await rejection(razorpay.orders.create(params as typeof ASKED));
    expect(error['statusCode']).toBe(400);
    expect(description(error)).toBe(expected);
  });

  it('an unknown id and unknown credentials', async () => {
    expect(description(await rejection(razorpay.orders.fetch('order_no')))).toBe('The id provided does not exist');
    const other = razorpaySdk(sandbox.url, { keySecret: 'wrong' });
    expect(await rejection(other.orders.create(ASKED))).toMatchObject({
      statusCode: 401,
      error: { description: 'Authentication failed' },
    });
  });
});

describe('refunds', () => {
  it('happen once by X-Refund-Idempotency, and no more than was paid', async () => {
    const { id: orderId } = await razorpay.orders.create(ASKED);
    sandbox.control.payments.act(orderId, 'pay');
    const [payment] = (await razorpay.orders.fetchPayments(orderId)).items;
    const keyed = razorpaySdk(sandbox.url, { headers: { 'X-Refund-Idempotency': 'refund-000001' } });
    const { id = '' } = payment ?? {};
    const refund = await keyed.payments.refund(id, { amount: 20_000 });
    expect((await keyed.payments.refund(id, { amount: 20_000 })).id).toBe(refund.id);
    expect(await rejection(keyed.payments.refund(id, { amount: 10_000 }))).toMatchObject({ statusCode: 400 });
    expect(description(await rejection(razorpay.payments.refund(id, { amount: 30_001 })))).toContain('greater than');
    await razorpay.payments.refund(id, {});
    expect(await razorpay.payments.fetch(id)).toMatchObject({ amount_refunded: 50_000, refund_status: 'full' });
    expect((await razorpay.payments.fetchMultipleRefund(id)).items).toHaveLength(2);
    expect(eventTypes(await receiver.waitFor(7))).toEqual(
      expect.arrayContaining(['refund.created', 'refund.processed']),
    );
  });
});
