import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTransport } from 'nodemailer';
import { type Sandbox, startSandbox } from './server.js';
import { controlCall, razorpaySdk, rejection, stripeSdk, twilioSdk } from './test-support.js';

let sandbox: Sandbox;
const ASKED = { amount: 5000, currency: 'usd' };

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const addFault = (rule: object) => controlCall(sandbox.url, 'POST', '/faults', rule);

describe('faults', () => {
  it('cut the answer after the effect, so that only the key keeps a retry from charging twice', async () => {
    await addFault({ provider: 'stripe', method: 'post', path: '/payment_intents', kind: 'reset_after', times: 1 });
    // The SDK repeats a reset request by itself, with its key.
    const { id } = await stripeSdk(sandbox.url).paymentIntents.create(ASKED, { idempotencyKey: 'k' });
    expect(sandbox.control.payments.list().map(({ ref }) => ref)).toEqual([id]);
    expect(sandbox.control.calls().map(({ status, idempotencyKey }) => [status, idempotencyKey])).toEqual([
      [0, 'k'],
      [200, 'k'],
    ]);
  });

  it('cut the request before the effect', async () => {
    await addFault({ provider: 'razorpay', kind: 'reset_before' });
    await rejection(razorpaySdk(sandbox.url).orders.create({ amount: 50_000, currency: 'INR' }));
    expect(sandbox.control.payments.list()).toEqual([]);
    await controlCall(sandbox.url, 'DELETE', '/faults');
    await razorpaySdk(sandbox.url).orders.create({ amount: 50_000, currency: 'INR' });
    expect(sandbox.control.payments.list()).toHaveLength(1);
  });

  it("answer with each vendor's 429 and 500", async () => {
    for (const provider of ['stripe', 'razorpay', 'twilio']) {
      await addFault({ provider, kind: 'error429', times: 1 });
      await addFault({ provider, kind: 'error500', times: 1 });
    }
    const stripe = stripeSdk(sandbox.url);
    expect(await rejection(stripe.paymentIntents.list())).toMatchObject({
      type: 'StripeRateLimitError',
      statusCode: 429,
    });
    expect(await rejection(stripe.paymentIntents.list())).toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    const razorpay = razorpaySdk(sandbox.url);
    expect(await rejection(razorpay.orders.all())).toMatchObject({ statusCode: 429 });
    expect(await rejection(razorpay.orders.all())).toMatchObject({ statusCode: 500, error: { code: 'SERVER_ERROR' } });
    const rooms = twilioSdk(sandbox.url).video.v1.rooms;
    expect(await rejection(rooms.list())).toMatchObject({ code: 20429, status: 429 });
    expect(await rejection(rooms.list())).toMatchObject({ code: 20500, status: 500 });
  });
});

describe('faults beside errors', () => {
  it('slow an answer down, without changing it', async () => {
    await addFault({ provider: 'stripe', kind: 'latency', ms: 300, times: 1 });
    const startedAt = performance.now();
    await stripeSdk(sandbox.url).paymentIntents.create(ASKED);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  it('hit only what they name', async () => {
    await addFault({ provider: 'stripe', method: 'POST', path: '/cancel', kind: 'error500', times: 1 });
    const stripe = stripeSdk(sandbox.url);
    const { id } = await stripe.paymentIntents.create(ASKED);
    expect(await rejection(stripe.paymentIntents.cancel(id))).toMatchObject({ statusCode: 500 });
    expect((await stripe.paymentIntents.cancel(id)).status).toBe('canceled');
  });

  it('reach mail too: refused for now, or accepted and never acknowledged', async () => {
    const { hostname: host, port } = new URL(sandbox.smtpUrl);
    const mail = {
      from: 'a@example.com',
      to: 'b@example.com',
      subject: 'Hello',
      text: 'Text',
      messageId: '<n-1@punctual>',
      headers: { 'X-Reference': 'n-1' },
    };
    const send = () => createTransport({ host, port: Number(port) }).sendMail(mail);
    await addFault({ provider: 'smtp', kind: 'error500', times: 1 });
    expect(await rejection(send())).toMatchObject({ responseCode: 451 });
    expect(sandbox.control.mail()).toEqual([]);
    await addFault({ provider: 'smtp', kind: 'reset_after', times: 1 });
    await rejection(send());
    await send();
    const kept = {
      to: ['b@example.com'],
      subject: 'Hello',
      text: 'Text',
      messageId: '<n-1@punctual>',
      headers: { 'x-reference': 'n-1' },
    };
    expect(sandbox.control.mail()).toMatchObject([kept, kept]);
  });
});
