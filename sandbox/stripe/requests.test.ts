import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type Stripe from 'stripe';
import { stripeCredentials } from '../credentials.js';
import { type Sandbox, startSandbox } from '../server.js';
import { rejection, stripeSdk } from '../test-support.js';

let sandbox: Sandbox;
let stripe: Stripe;
const ASKED = { amount: 5000, currency: 'usd', metadata: { paymentId: 'p-1' } };

beforeAll(async () => {
  sandbox = await startSandbox();
  stripe = stripeSdk(sandbox.url);
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

describe('idempotency keys', () => {
  it('give the first answer again', async () => {
    const first = await stripe.paymentIntents.create(ASKED, { idempotencyKey: 'key-1' });
    const again = await stripe.paymentIntents.create(ASKED, { idempotencyKey: 'key-1' });
    expect(again.id).toBe(first.id);
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(sandbox.control.payments.list()).toHaveLength(1);
  });

  it('refuse another request', async () => {
    await stripe.paymentIntents.create(ASKED, { idempotencyKey: 'key-1' });
    const error = await rejection(
      stripe.paymentIntents.create({ ...ASKED, amount: 1 + ASKED.amount }, { idempotencyKey: 'key-1' }),
    );
    expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  });

  it('are what keeps fifty at once from charging twice', async () => {
    const asked = Array.from({ length: 50 }, () => stripe.paymentIntents.create(ASKED, { idempotencyKey: 'key-1' }));
    expect(new Set((await Promise.all(asked)).map(({ id }) => id)).size).toBe(1);
  });

  it('replay a stored 500, and a refusal while executing', async () => {
    sandbox.control.addFault({ provider: 'stripe', kind: 'error500', times: 1 });
    for (const _ of [1, 2]) {
      const error = await rejection(stripe.paymentIntents.create(ASKED, { idempotencyKey: 'key-500' }));
      expect(error).toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    }
    expect(sandbox.control.payments.list()).toEqual([]);
    const { id } = await stripe.paymentIntents.create(ASKED, { idempotencyKey: 'another' });
    sandbox.control.payments.act(id, 'pay');
    for (const _ of [1, 2]) {
      const error = await rejection(stripe.paymentIntents.cancel(id, {}, { idempotencyKey: 'key-cancel' }));
      expect(error).toMatchObject({ code: 'payment_intent_unexpected_state' });
    }
  });

  it("don't remember what was refused for its parameters", async () => {
    await rejection(stripe.paymentIntents.create({ ...ASKED, currency: 'xxq' }, { idempotencyKey: 'key-1' }));
    const { id } = await stripe.paymentIntents.create(ASKED, { idempotencyKey: 'key-1' });
    expect(id).toMatch(/^pi_/);
  });

  it('are missed: a repeat without one makes a second object', async () => {
    const url = `${sandbox.url}/v1/payment_intents`;
    const headers = { authorization: `Bearer ${stripeCredentials.secretKey}` };
    const bodies = [1, 2].map(() => new URLSearchParams({ amount: '5000', currency: 'usd' }));
    for (const body of bodies) expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
    expect(sandbox.control.payments.list()).toHaveLength(2);
  });
});

describe('what Stripe refuses', () => {
  const cases: [string, object, object][] = [
    ['an unknown parameter', { ...ASKED, paymentId: 'x' }, { code: 'parameter_unknown', param: 'paymentId' }],
    ['no amount', { currency: 'usd' }, { code: 'parameter_missing', param: 'amount' }],
    ['an amount that is no integer', { ...ASKED, amount: 1.5 }, { code: 'parameter_invalid_integer', param: 'amount' }],
    ['too little', { ...ASKED, amount: 10 }, { code: 'amount_too_small' }],
    ['an unknown currency', { ...ASKED, currency: 'xxq' }, { param: 'currency' }],
    ['an unknown payment method', { ...ASKED, payment_method: 'pm_no', confirm: true }, { code: 'resource_missing' }],
  ];
  it.each(cases)('%s', async (_name, params, expected) => {
    const error = await rejection(stripe.paymentIntents.create(params as Stripe.PaymentIntentCreateParams));
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', ...expected });
  });

  it('an unknown object, an unknown key, an unknown URL', async () => {
    expect(await rejection(stripe.paymentIntents.retrieve('pi_no'))).toMatchObject({
      code: 'resource_missing',
      statusCode: 404,
    });
    const other = stripeSdk(sandbox.url, { apiKey: 'sk_test_other' });
    expect(await rejection(other.paymentIntents.create(ASKED))).toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
    });
    expect(await rejection(stripe.products.list())).toMatchObject({ statusCode: 404 });
    expect(sandbox.control.payments.list()).toEqual([]);
  });

  it('the publishable key, except for an intent whose client secret it comes with', async () => {
    const { id, client_secret } = await stripe.paymentIntents.create(ASKED);
    const browser = stripeSdk(sandbox.url, { apiKey: stripeCredentials.publishableKey });
    expect(await rejection(browser.paymentIntents.retrieve(id))).toMatchObject({ statusCode: 401 });
    const seen = await browser.paymentIntents.retrieve(id, { client_secret: client_secret ?? '' });
    expect(seen.id).toBe(id);
  });
});

describe('refunds', () => {
  it('give a part and the rest back, and no more', async () => {
    const { id } = await stripe.paymentIntents.create({ ...ASKED, payment_method: 'pm_card_visa', confirm: true });
    const part = await stripe.refunds.create({ payment_intent: id, amount: 2000, metadata: { refundId: 'r' } });
    expect(part).toMatchObject({ amount: 2000, status: 'succeeded', payment_intent: id, metadata: { refundId: 'r' } });
    expect(await rejection(stripe.refunds.create({ payment_intent: id, amount: 3001 }))).toMatchObject({
      statusCode: 400,
    });
    await stripe.refunds.create({ payment_intent: id });
    const [charge] = (await stripe.charges.list({ payment_intent: id })).data;
    expect(charge).toMatchObject({ amount_refunded: 5000, refunded: true });
    const error = await rejection(stripe.refunds.create({ payment_intent: id }));
    expect(error).toMatchObject({ code: 'charge_already_refunded' });
    expect((await stripe.refunds.list({ payment_intent: id })).data).toHaveLength(2);
  });
});
