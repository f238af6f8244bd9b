import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type Stripe from 'stripe';
import { type Sandbox, startSandbox } from '../server.js';
import { controlCall, eventTypes, startReceiver, stripeSdk, type WebhookReceiver } from '../test-support.js';

let sandbox: Sandbox;
let receiver: WebhookReceiver;
let stripe: Stripe;
const ASKED = { amount: 5000, currency: 'usd' };

beforeEach(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ destinations: { stripe: receiver.url } });
  stripe = stripeSdk(sandbox.url);
});
afterEach(async () => {
  await sandbox.close();
  await receiver.close();
});

const setMode = (mode: object) => controlCall(sandbox.url, 'POST', '/webhooks', mode);
const states = () => sandbox.control.webhooks().map(({ state }) => state);

describe('webhooks', () => {
  it('come again until the receiver takes them, with the same event and body', async () => {
    receiver.answerWith(500);
    await stripe.paymentIntents.create(ASKED);
    await receiver.waitFor(2);
    receiver.answerWith(200);
    const [first, ...others] = await receiver.waitFor(3);
    for (const { body } of others) expect(body).toBe(first?.body);
    await expect.poll(states).toEqual(['delivered']);
    expect(sandbox.control.webhooks()[0]?.attempts.map(({ status }) => status)).toEqual([500, 500, 200]);
  });

  it('wait while the receiver is away', async () => {
    const { url } = receiver;
    await receiver.close();
    await stripe.paymentIntents.create(ASKED);
    await expect.poll(() => sandbox.control.webhooks()[0]?.attempts.length).toBeGreaterThan(0);
    expect(sandbox.control.webhooks()[0]?.attempts[0]).toMatchObject({ status: null });
    receiver = await startReceiver(Number(new URL(url).port));
    await receiver.waitFor(1);
  });

  it('are doubled on demand, under the same event id', async () => {
    await setMode({ provider: 'stripe', duplicates: 2 });
    await stripe.paymentIntents.create(ASKED);
    const received = await receiver.waitFor(3);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('are reordered on demand', async () => {
    await setMode({ reorder: true });
    const { id } = await stripe.paymentIntents.create(ASKED);
    await stripe.paymentIntents.cancel(id);
    expect(eventTypes(await receiver.waitFor(2))).toEqual(['payment_intent.canceled', 'payment_intent.created']);
  });

  it('are held until a flush', async () => {
    await setMode({ hold: true });
    await stripe.paymentIntents.create(ASKED);
    expect(states()).toEqual(['held']);
    expect(await controlCall(sandbox.url, 'POST', '/webhooks/flush')).toEqual({ flushed: 1 });
    await receiver.waitFor(1);
    await expect.poll(states).toEqual(['delivered']);
  });

  it('are lost on demand, and sent again in the ordinary mode', async () => {
    await setMode({ drop: true });
    await stripe.paymentIntents.create(ASKED);
    await setMode({});
    await stripe.paymentIntents.create(ASKED);
    await receiver.waitFor(1);
    await expect.poll(states).toEqual(['dropped', 'delivered']);
  });

  it('are skipped without a destination, and never leave this machine', async () => {
    expect(() => sandbox.setDestinations({ razorpay: 'https://example.com/webhooks' })).toThrow('this machine only');
    const alone = await startSandbox();
    await stripeSdk(alone.url).paymentIntents.create(ASKED);
    expect(alone.control.webhooks().map(({ state }) => state)).toEqual(['skipped']);
    await alone.close();
  });
});
