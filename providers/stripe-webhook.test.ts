import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { StripeGateway } from './stripe.js';
import { configFor } from './test-support.js';

const SECRET = 'whsec_1';
const gateway = new StripeGateway(configFor('http://127.0.0.1:9').stripe);
const intent = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  amount: 5_000,
  amount_received: 5_000,
  currency: 'eur',
  metadata: { paymentId: 'p-1' },
  latest_charge: 'ch_1',
  last_payment_error: null,
};

function event(type: string, object: object): string {
  return JSON.stringify({ id: 'evt_1', object: 'event', type, created: 1_700_000_000, data: { object } });
}

function signed(payload: string, options: { secret?: string; timestamp?: number } = {}): Headers {
  const header = new Stripe('sk_test_1').webhooks.generateTestHeaderString({ payload, secret: SECRET, ...options });
  return new Headers({ 'stripe-signature': header });
}

test('a payment_intent event carries the payment', async () => {
  const raw = event('payment_intent.succeeded', intent);
  expect(await gateway.parseWebhook(raw, signed(raw))).toEqual({
    provider: 'stripe',
    eventId: 'evt_1',
    type: 'payment_intent.succeeded',
    occurredAt: new Date(1_700_000_000_000),
    payload: JSON.parse(raw),
    dispute: null,
    refund: null,
    payment: {
      providerRef: 'pi_1',
      status: 'succeeded',
      money: { amountMinor: 5_000, currency: 'EUR' },
      chargeRef: 'ch_1',
      paymentId: 'p-1',
      failureCode: null,
    },
  });
});

test.each(['charge.refunded', 'charge.dispute.created', 'refund.updated'])(
  '%s keeps its payload only',
  async (type) => {
    const raw = event(type, { id: 'ch_1', payment_intent: 'pi_1' });
    expect(await gateway.parseWebhook(raw, signed(raw))).toMatchObject({
      type,
      payment: null,
      payload: JSON.parse(raw),
    });
  },
);

test('one good signature among several is enough, for the rotation of secrets', async () => {
  const raw = event('charge.refunded', {});
  const [good, old] = [signed(raw), signed(raw, { secret: 'whsec_old' })].map((one) => one.get('stripe-signature'));
  const both = new Headers({ 'stripe-signature': `${old},v1=${good?.split('v1=')[1]}` });
  await expect(gateway.parseWebhook(raw, both)).resolves.toMatchObject({ eventId: 'evt_1' });
});

test('a changed body, a foreign secret, an old one and none are refused alike', async () => {
  const raw = event('payment_intent.succeeded', intent);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const refusal = { code: 'signature_invalid', retryable: false };
  await expect(gateway.parseWebhook(raw.replace('5000', '1'), signed(raw))).rejects.toMatchObject(refusal);
  await expect(gateway.parseWebhook(raw, signed(raw, { secret: 'whsec_x' }))).rejects.toMatchObject(refusal);
  await expect(gateway.parseWebhook(raw, signed(raw, { timestamp: nowSeconds - 301 }))).rejects.toMatchObject(refusal);
  await expect(gateway.parseWebhook(raw, signed(raw, { timestamp: nowSeconds - 290 }))).resolves.toBeDefined();
  await expect(gateway.parseWebhook(raw, new Headers())).rejects.toMatchObject(refusal);
  await expect(gateway.parseWebhook('', signed(raw))).rejects.toMatchObject(refusal);
});

test('signed nonsense is unreadable', async () => {
  for (const raw of ['no json', '[]', '{"id":"evt_1"}', event('payment_intent.succeeded', { id: 'pi_1' })]) {
    await expect(gateway.parseWebhook(raw, signed(raw))).rejects.toMatchObject({ code: 'body_unreadable' });
  }
});
