import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type Stripe from 'stripe';
import { stripeCredentials } from '../credentials.js';
import { type Sandbox, startSandbox } from '../server.js';
import { eventTypes, rejection, startAfresh, startReceiver, stripeSdk, type WebhookReceiver } from '../test-support.js';

let sandbox: Sandbox;
let receiver: WebhookReceiver;
let stripe: Stripe;

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ destinations: { stripe: `${receiver.url}/webhooks/stripe` } });
  stripe = stripeSdk(sandbox.url);
});
beforeEach(() => startAfresh(sandbox, receiver));
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const ASKED = {
  amount: 5000,
  currency: 'usd',
  metadata: { paymentId: 'p-1' },
  automatic_payment_methods: { enabled: true },
};

describe('a payment intent', () => {
  it('waits for a payment method, and is paid by the payer with three webhooks', async () => {
    const created = await stripe.paymentIntents.create(ASKED);
    expect(created).toMatchObject({
      status: 'requires_payment_method',
      amount: 5000,
      amount_received: 0,
      latest_charge: null,
    });
    expect(created.client_secret).toContain(created.id);
    sandbox.control.payments.act(created.id, 'pay');
    const paid = await stripe.paymentIntents.retrieve(created.id, { expand: ['latest_charge'] });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 5000, metadata: { paymentId: 'p-1' } });
    expect(paid.latest_charge).toMatchObject({
      object: 'charge',
      paid: true,
      amount_captured: 5000,
      payment_intent: created.id,
    });
    const received = await receiver.waitFor(3);
    expect(eventTypes(received)).toEqual(
      expect.arrayContaining(['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded']),
    );
  });

  it('sends webhooks that the SDK verifies, and that carry the object of their moment', async () => {
    const { id } = await stripe.paymentIntents.create(ASKED);
    await stripe.paymentIntents.cancel(id);
    const received = await receiver.waitFor(2);
    const events = received.map(({ body, headers }) =>
      stripe.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', stripeCredentials.webhookSecret),
    );
    const statuses = Object.fromEntries(
      events.map((event) => [event.type, (event.data.object as Stripe.PaymentIntent).status]),
    );
    expect(statuses).toEqual({
      'payment_intent.created': 'requires_payment_method',
      'payment_intent.canceled': 'canceled',
    });
    expect(await stripe.events.retrieve(events[0]?.id ?? '')).toMatchObject({ id: events[0]?.id });
  });

  it('keeps the decline of a card and can still be paid', async () => {
    const { id } = await stripe.paymentIntents.create(ASKED);
    const error = await rejection(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_chargeDeclined' }));
    expect(error).toMatchObject({ type: 'StripeCardError', code: 'card_declined', statusCode: 402 });
    const failed = await stripe.paymentIntents.retrieve(id);
    expect(failed.status).toBe('requires_payment_method');
    expect(failed.last_payment_error).toMatchObject({ code: 'card_declined', decline_code: 'generic_decline' });
    const paid = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    expect(eventTypes(await receiver.waitFor(5))).toContain('payment_intent.payment_failed');
  });
});

describe('a payment intent on its longer ways', () => {
  it('asks for 3-D Secure, fails it, and passes it the next time', async () => {
    const { id } = await stripe.paymentIntents.create(ASKED);
    const method = { payment_method: 'pm_card_authenticationRequired', return_url: 'http://127.0.0.1/back' };
    const waiting = await stripe.paymentIntents.confirm(id, method);
    expect(waiting.status).toBe('requires_action');
    expect(waiting.next_action?.redirect_to_url?.url).toBe(`${sandbox.url}/pay/${id}`);
    expect(sandbox.control.payments.act(id, 'fail_authentication').status).toBe('requires_payment_method');
    const failed = await stripe.paymentIntents.retrieve(id);
    expect(failed.last_payment_error?.code).toBe('payment_intent_authentication_failure');
    await stripe.paymentIntents.confirm(id, method);
    expect(sandbox.control.payments.act(id, 'authenticate').status).toBe('succeeded');
    expect(eventTypes(await receiver.waitFor(6))).toContain('payment_intent.requires_action');
  });

  it('processes a bank debit before it succeeds or fails', async () => {
    const first = await stripe.paymentIntents.create({
      ...ASKED,
      payment_method: 'pm_usBankAccount_success',
      confirm: true,
    });
    expect(first.status).toBe('processing');
    expect(sandbox.control.payments.act(first.id, 'pay').status).toBe('succeeded');
    const second = await stripe.paymentIntents.create({
      ...ASKED,
      payment_method: 'pm_usBankAccount_success',
      confirm: true,
    });
    expect(sandbox.control.payments.act(second.id, 'decline').status).toBe('requires_payment_method');
  });

  it('captures later when asked to', async () => {
    const method = { capture_method: 'manual', payment_method: 'pm_card_visa', confirm: true } as const;
    const held = await stripe.paymentIntents.create({ ...ASKED, ...method });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 5000, amount_received: 0 });
    const captured = await stripe.paymentIntents.capture(held.id);
    expect(captured).toMatchObject({ status: 'succeeded', amount_received: 5000 });
  });

  it("can't be cancelled once it succeeded, and says which it is", async () => {
    const { id } = await stripe.paymentIntents.create({ ...ASKED, payment_method: 'pm_card_visa', confirm: true });
    const error = await rejection(stripe.paymentIntents.cancel(id));
    expect(error).toMatchObject({ code: 'payment_intent_unexpected_state', statusCode: 400 });
    expect(error['payment_intent']).toMatchObject({ id, status: 'succeeded' });
  });
});

describe('lists', () => {
  it('pages newest first, and filters by creation and by search', async () => {
    const made: string[] = [];
    for (const paymentId of ['a', 'b', 'c']) {
      made.push((await stripe.paymentIntents.create({ ...ASKED, metadata: { paymentId } })).id);
    }
    const page = await stripe.paymentIntents.list({ limit: 2 });
    expect(page).toMatchObject({ has_more: true, url: '/v1/payment_intents' });
    expect(page.data.map(({ id }) => id)).toEqual([made[2], made[1]]);
    const all: string[] = [];
    for await (const { id } of stripe.paymentIntents.list({ limit: 1 })) all.push(id);
    expect(all).toEqual(made.toReversed());
    const future = await stripe.paymentIntents.list({ created: { gt: Math.floor(Date.now() / 1000) + 10 } });
    expect(future.data).toEqual([]);
    const found = await stripe.paymentIntents.search({
      query: 'metadata["paymentId"]:"b" AND status:"requires_payment_method"',
    });
    expect(found.data.map(({ id }) => id)).toEqual([made[1]]);
  });
});
