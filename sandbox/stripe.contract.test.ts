import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type Stripe from 'stripe';
import { contractsPresent, departures, OpenApiContract, readContract } from './contracts.js';
import { stripeCredentials } from './credentials.js';
import { type Sandbox, startSandbox } from './server.js';
import { rejection, startReceiver, stripeSdk, type WebhookReceiver } from './test-support.js';
import { ALLOWED } from './stripe/params.js';

const ASKED = {
  amount: 5000,
  currency: 'usd',
  metadata: { paymentId: 'p' },
  automatic_payment_methods: { enabled: true },
};

/** An object's answer as plain JSON: the SDK's own additions are not enumerable or are methods. */
function plain(object: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
}

const describeContract = describe.skipIf(!contractsPresent());
let sandbox: Sandbox;
let receiver: WebhookReceiver;
let stripe: Stripe;
let loaded: OpenApiContract | null = null;
const contract = () => (loaded ??= new OpenApiContract('stripe/openapi-2023-08-16.json'));
const paid = () => stripe.paymentIntents.create({ ...ASKED, payment_method: 'pm_card_visa', confirm: true });

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ destinations: { stripe: receiver.url } });
  stripe = stripeSdk(sandbox.url);
});
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const intentIs = (intent: unknown) =>
  expect(contract().answerErrors('GET', '/v1/payment_intents/{intent}', '200', plain(intent))).toEqual([]);

async function raw(method: string, path: string, form: string): Promise<{ status: number; body: unknown }> {
  const headers = {
    authorization: `Bearer ${stripeCredentials.secretKey}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const answer = await fetch(sandbox.url + path, { method, headers, body: method === 'GET' ? undefined : form });
  return { status: answer.status, body: await answer.json() };
}

describeContract("Stripe's published contract", () => {
  it('holds for a payment intent in every status', async () => {
    const { id } = await stripe.paymentIntents.create(ASKED);
    intentIs(await stripe.paymentIntents.retrieve(id));
    await rejection(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_chargeDeclined' }));
    intentIs(await stripe.paymentIntents.retrieve(id));
    intentIs(
      await stripe.paymentIntents.confirm(id, {
        payment_method: 'pm_card_authenticationRequired',
        return_url: 'http://127.0.0.1',
      }),
    );
    sandbox.control.payments.act(id, 'fail_authentication');
    intentIs(await stripe.paymentIntents.retrieve(id));
    intentIs(await stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' }));
    intentIs(
      await stripe.paymentIntents.create({ ...ASKED, payment_method: 'pm_usBankAccount_success', confirm: true }),
    );
    intentIs(
      await stripe.paymentIntents.create({
        ...ASKED,
        capture_method: 'manual',
        payment_method: 'pm_card_visa',
        confirm: true,
      }),
    );
    const { id: succeeded } = await paid();
    intentIs(await stripe.paymentIntents.retrieve(succeeded, { expand: ['latest_charge'] }));
  });

  it('holds for charges, refunds, customers, and lists of them', async () => {
    const intent = await paid();
    const refund = await stripe.refunds.create({
      payment_intent: intent.id,
      amount: 100,
      reason: 'requested_by_customer',
    });
    const charge = await stripe.charges.retrieve(intent.latest_charge as string);
    const answers: [string, string, unknown][] = [
      ['GET', '/v1/charges/{charge}', charge],
      ['POST', '/v1/refunds', refund],
      ['GET', '/v1/payment_intents', await stripe.paymentIntents.list({ limit: 3 })],
      ['GET', '/v1/charges', await stripe.charges.list({ payment_intent: intent.id })],
      ['GET', '/v1/refunds', await stripe.refunds.list()],
    ];
    for (const [method, template, answer] of answers) {
      expect(contract().answerErrors(method, template, '200', plain(answer)), template).toEqual([]);
    }
  });
});

describeContract("Stripe's published contract beyond objects", () => {
  it('holds for errors', async () => {
    const { id } = await paid();
    const answers = [
      await raw('POST', `/v1/payment_intents/${id}/cancel`, ''),
      await raw(
        'POST',
        '/v1/payment_intents',
        'amount=5000&currency=usd&confirm=true&payment_method=pm_card_chargeDeclined',
      ),
      await raw('POST', '/v1/payment_intents', 'amount=5000&currency=usd&foo=1'),
      await raw('GET', '/v1/payment_intents/pi_no', ''),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 402, 400, 404]);
    for (const { body } of answers)
      expect(contract().answerErrors('POST', '/v1/payment_intents', 'default', body)).toEqual([]);
  });

  it('holds for the objects in webhooks', async () => {
    await receiver.waitFor(10);
    const events = receiver.received.map(({ body, headers }) =>
      stripe.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', stripeCredentials.webhookSecret),
    );
    const templates: Record<string, string> = {
      payment_intent: '/v1/payment_intents/{intent}',
      charge: '/v1/charges/{charge}',
    };
    for (const { type, data } of events) {
      const { object } = data.object as { object: string };
      const template = templates[object] ?? '/v1/refunds/{refund}';
      expect(contract().answerErrors('GET', template, '200', plain(data.object)), type).toEqual([]);
    }
  });
});

describeContract('the contract itself', () => {
  it('has all the keys of the examples of August 2026, with values of their types', async () => {
    const { resources } = readContract<{ resources: Record<string, Record<string, unknown>> }>(
      'stripe/fixtures-2026-08.json',
    );
    const intent = await paid();
    const refund = await stripe.refunds.create({ payment_intent: intent.id });
    const charge = await stripe.charges.retrieve(intent.latest_charge as string);
    const made: Record<string, unknown> = { payment_intent: intent, refund, charge };
    for (const [name, object] of Object.entries(made)) {
      const missing = Object.keys(resources[name] ?? {}).filter((key) => !(key in plain(object)));
      expect(missing, name).toEqual([]);
    }
    const event = (await stripe.events.list({ limit: 1 })).data[0];
    const { data: _data, ...example } = resources['event'] ?? {};
    expect(departures(example, plain(event))).toEqual([]);
  });

  it('is told from what breaks it', async () => {
    const { status: _status, ...intent } = plain(await stripe.paymentIntents.create(ASKED));
    const wrong = { ...intent, amount: '5000', last_payment_error: { type: 'no_such_error' } };
    const errors = contract().answerErrors('GET', '/v1/payment_intents/{intent}', '200', wrong).join('\n');
    for (const part of ["required property 'status'", '/amount must be integer', '/last_payment_error/type'])
      expect(errors).toContain(part);
  });

  it('knows every parameter that the sandbox takes, but for those that came later', () => {
    const later = (operation: keyof typeof ALLOWED, template: string) => {
      const known = contract().formNames('POST', template);
      return ALLOWED[operation].filter((name) => !known.includes(name));
    };
    expect(later('intentCreate', '/v1/payment_intents')).toEqual([
      'payment_method_configuration',
      'confirmation_token',
      'customer_account',
      'excluded_payment_method_types',
    ]);
    expect(later('intentCancel', '/v1/payment_intents/{intent}/cancel')).toEqual([]);
    expect(later('refundCreate', '/v1/refunds')).toEqual([]);
  });
});
