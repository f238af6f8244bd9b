import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractsPresent, departures, OpenApiContract, readContract } from './contracts.js';
import { type Sandbox, startSandbox } from './server.js';
import { razorpaySdk, startReceiver, stripeSdk, type WebhookReceiver } from './test-support.js';

type Json = Record<string, unknown>;
const plain = (object: unknown) => JSON.parse(JSON.stringify(object)) as Json;

describe.skipIf(!contractsPresent())('the published dispute', () => {
  let sandbox: Sandbox;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await startReceiver();
    sandbox = await startSandbox({ destinations: { razorpay: receiver.url } });
  });
  afterAll(async () => {
    await sandbox.close();
    await receiver.close();
  });

  it("is Stripe's in every status", async () => {
    const contract = new OpenApiContract('stripe/openapi-2023-08-16.json');
    const stripe = stripeSdk(sandbox.url);
    const { resources } = readContract<{ resources: Record<string, Json> }>('stripe/fixtures-2026-08.json');
    for (const decide of ['win_dispute', 'lose_dispute'] as const) {
      const intent = await stripe.paymentIntents.create({
        amount: 5000,
        currency: 'usd',
        payment_method: 'pm_card_visa',
        confirm: true,
      });
      for (const act of [{ isInquiry: true }, {}]) {
        const { id } = sandbox.control.disputes.act(intent.id, 'open_dispute', act);
        const dispute = plain(await stripe.disputes.retrieve(id));
        expect(contract.answerErrors('GET', '/v1/disputes/{dispute}', '200', dispute)).toEqual([]);
        expect(departures(resources['dispute'], dispute)).toEqual([]);
      }
      const { id } = sandbox.control.disputes.act(intent.id, decide);
      expect(
        contract.answerErrors('GET', '/v1/disputes/{dispute}', '200', plain(await stripe.disputes.retrieve(id))),
      ).toEqual([]);
    }
    const list = plain(await stripe.disputes.list({ limit: 3 }));
    expect(contract.answerErrors('GET', '/v1/disputes', '200', list)).toEqual([]);
    expect(
      contract.unknownNames('GET', '/v1/disputes', { query: ['charge', 'created', 'payment_intent', 'limit'] }),
    ).toEqual([]);
  });

  it("is Razorpay's in every webhook", async () => {
    const razorpay = razorpaySdk(sandbox.url);
    for (const decide of ['win_dispute', 'lose_dispute', 'close_dispute'] as const) {
      const { id } = await razorpay.orders.create({ amount: 50_000, currency: 'INR' });
      sandbox.control.payments.act(id, 'pay');
      sandbox.control.disputes.act(id, 'open_dispute', { isInquiry: decide === 'close_dispute' });
      sandbox.control.disputes.act(id, decide);
    }
    await receiver.waitFor(17);
    const bodies = receiver.received.map(({ body }) => JSON.parse(body) as Json);
    const published = readContract<{ body: Json }[]>('razorpay/webhooks-disputes.json');
    for (const { body } of published) {
      if (body['event'] === 'payment.dispute.action_required') continue; // the bank's second question: not played here
      const ours = bodies.find(({ event }) => event === body['event']);
      expect(departures(body, ours), String(body['event'])).toEqual([]);
      expect(ours?.['contains']).toEqual(body['contains']);
    }
  });
});
