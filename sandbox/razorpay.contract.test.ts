import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contractsPresent, departures, readContract } from './contracts.js';
import { type Sandbox, startSandbox } from './server.js';
import { razorpaySdk, startAfresh, startReceiver, type WebhookReceiver } from './test-support.js';

interface Example {
  heading: string;
  label: string;
  body: Record<string, unknown>;
}

/** The published example, by its label when the file has several. */
function example(file: string, label?: string, heading?: string): Record<string, unknown> {
  const examples = readContract<Example[]>(`razorpay/${file}.json`);
  const found = examples.find((each) => (!label || each.label === label) && (!heading || each.heading === heading));
  if (!found) throw new Error(`${file} has no example ${label ?? ''}`);
  return found.body;
}

describe.skipIf(!contractsPresent())("Razorpay's published examples", () => {
  let sandbox: Sandbox;
  let receiver: WebhookReceiver;
  let razorpay: ReturnType<typeof razorpaySdk>;

  beforeAll(async () => {
    receiver = await startReceiver();
    sandbox = await startSandbox({ destinations: { razorpay: receiver.url } });
    razorpay = razorpaySdk(sandbox.url);
  });
  beforeEach(() => startAfresh(sandbox, receiver));
  afterAll(async () => {
    await sandbox.close();
    await receiver.close();
  });

  const ASKED = { amount: 50_000, currency: 'INR', receipt: 'r-1', notes: { paymentId: 'p' } };
  const webhook = (event: string) => {
    const bodies = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    return bodies.find((body) => body['event'] === event) ?? {};
  };

  it('have the keys and types of our orders', async () => {
    const created = await razorpay.orders.create(ASKED);
    expect(departures(example('orders-create'), created)).toEqual([]);
    expect(departures(example('orders-entity'), await razorpay.orders.fetch(created.id))).toEqual([]);
  });

  it('have the keys and types of our payments', async () => {
    const { id } = await razorpay.orders.create({ ...ASKED, payment_capture: false });
    sandbox.control.payments.act(id, 'decline');
    sandbox.control.payments.act(id, 'pay');
    const { items } = await razorpay.orders.fetchPayments(id);
    // The published list is of UPI payments: what only that method has is taken out.
    const [failed] = (example('orders-fetch-payments')['items'] as Record<string, unknown>[]).map((item) => {
      const { upi: _upi, vpa: _vpa, acquirer_data: _acquirer, ...rest } = item;
      return rest;
    });
    expect(departures(failed, items[1])).toEqual([]);
    const captured = await razorpay.payments.capture(items[0]?.id ?? '', 50_000, 'INR');
    expect(departures(example('payments-fetch-with-id', 'Netbanking'), captured)).toEqual([]);
  });

  it('have the keys and types of our refunds', async () => {
    const { id } = await razorpay.orders.create(ASKED);
    sandbox.control.payments.act(id, 'pay');
    const [payment] = (await razorpay.orders.fetchPayments(id)).items;
    const refund = await razorpay.payments.refund(payment?.id ?? '', { amount: 1000, receipt: 'x' });
    for (const file of ['refunds-create-normal', 'refunds-normal-refunds-idempotent', 'refunds-entity']) {
      expect(departures(example(file), refund), file).toEqual([]);
    }
    expect(departures(example('refunds-fetch-with-id'), await razorpay.refunds.fetch(refund.id))).toEqual([]);
  });

  it('have the keys and types of our webhooks', async () => {
    const { id } = await razorpay.orders.create(ASKED);
    sandbox.control.payments.act(id, 'decline');
    sandbox.control.payments.act(id, 'pay');
    const [payment] = (await razorpay.orders.fetchPayments(id)).items;
    await razorpay.payments.refund(payment?.id ?? '', { amount: 1000 });
    await receiver.waitFor(6);
    const published: [string, string, string?, string?][] = [
      ['payment.authorized', 'webhooks-payments', 'Netbanking', 'Payment Authorised'],
      ['payment.captured', 'webhooks-payments', 'Netbanking', 'Payment Captured'],
      ['payment.failed', 'webhooks-payments', 'Netbanking', 'Payment Failed'],
      ['order.paid', 'webhooks-orders', 'Netbanking'],
      ['refund.created', 'webhooks-refunds', 'Normal Refunds', 'Refund Created'],
      ['refund.processed', 'webhooks-refunds', 'Normal Refunds', 'Refund Processed'],
    ];
    for (const [event, file, label, heading] of published) {
      const body = example(file, label, heading);
      expect(departures(body, webhook(event)), event).toEqual([]);
      expect(webhook(event)['contains'], event).toEqual(body['contains']);
    }
  });
});
