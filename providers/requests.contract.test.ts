import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProviders, type Providers } from './index.js';
import { CONTRACTS_DIR, hasContracts, readContract, RequestContract, type WireRequest } from './test-contracts.js';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';

/*
 * What our adapters send, as it is on the wire, against the vendors' published descriptions. The answers here are
 * the least that the SDKs read; the sandbox's own are tested elsewhere.
 */
const sent: WireRequest[] = [];
let answers: Record<string, unknown>[] = [];
let server: LocalServer;
let providers: Providers;

beforeAll(async () => {
  server = await startLocalServer((request, response, body) => {
    sent.push({ method: request.method ?? '', url: request.url ?? '', body });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers.length > 1 ? answers.shift() : answers[0]));
  });
  providers = createProviders(configFor(server.url));
});
afterAll(() => server.close());

async function requestsOf(answering: Record<string, unknown>[], call: () => Promise<unknown>): Promise<WireRequest[]> {
  answers = [...answering];
  sent.length = 0;
  await call();
  return [...sent];
}

async function pagesOf(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _page of pages);
}

const request = {
  paymentId: '0199f3c2-0000-7000-8000-000000000001',
  appointmentId: '0199f3c2-0000-7000-8000-000000000002',
  clientId: '0199f3c2-0000-7000-8000-000000000003',
  money: { amountMinor: 5_000, currency: 'INR' },
  description: 'Session on 24 November',
};

test.runIf(!hasContracts)(`the contracts are in ${CONTRACTS_DIR}`, ({ skip }) => {
  if (process.env['CI']) throw new Error('In CI the contracts must be there: set CONTRACTS_DIR');
  skip('no contracts here: set CONTRACTS_DIR');
});

describe.runIf(hasContracts)('Stripe', () => {
  const contract = hasContracts ? new RequestContract('stripe/openapi-2023-08-16.json') : null;
  const intent = {
    id: 'pi_1',
    client_secret: 'pi_1_secret',
    status: 'requires_payment_method',
    amount: 5_000,
    currency: 'inr',
  };
  const authorized = { ...intent, status: 'requires_capture' };
  const page = { object: 'list', data: [], has_more: false };

  test.each([
    ['openCheckout', [intent], () => providers.stripe.openCheckout(request), 1],
    ['fetchPayment', [intent], () => providers.stripe.fetchPayment('pi_1'), 1],
    ['cancelPayment', [intent], () => providers.stripe.cancelPayment('pi_1'), 2],
    ['capturePayment', [authorized], () => providers.stripe.capturePayment('pi_1'), 2],
    ['listPayments', [page], () => pagesOf(providers.stripe.listPayments(new Date())), 2],
  ])('%s', async (_name, answering, call, count) => {
    const requests = await requestsOf(answering, call);
    expect(requests).toHaveLength(count);
    for (const one of requests) expect(contract?.complaints(one)).toEqual([]);
  });

  test('the contract would notice', () => {
    const body = 'amount=5000&currency=inr&automatic_payment_methods[enabled]=true';
    const complaints = (changed: string, url = '/v1/payment_intents') =>
      contract?.complaints({ method: 'POST', url, body: changed });
    expect(complaints(body)).toEqual([]);
    expect(complaints(`${body}&colour=red`)).toContain('body colour is not described');
    expect(complaints(body.replace('true', 'perhaps'))).not.toEqual([]);
    expect(complaints(body.replace('5000', 'much'))).not.toEqual([]);
    expect(complaints('currency=inr')).not.toEqual([]);
    expect(complaints(body, '/v1/payment_intentions')).not.toEqual([]);
  });
});

describe.runIf(hasContracts)('Twilio', () => {
  const contractOf = Object.fromEntries(
    (hasContracts ? (['video_v1', 'conversations_v1', 'api_v2010'] as const) : []).map((name) => [
      name.split('_')[0],
      new RequestContract(`twilio/${name}.json`),
    ]),
  );
  const room = { sid: `RM${'1'.repeat(32)}`, status: 'in-progress' };
  const chat = { sid: `CH${'1'.repeat(32)}`, state: 'active' };
  const none = { participants: [], meta: { key: 'participants' } };
  const create = { uniqueName: 'meeting-1', statusCallback: 'https://api.example.com/webhooks/twilio/video' };
  const sms = { to: '+15005550001', body: 'Hello', mark: 'Hello', lookForEarlierSince: new Date() };

  test.each([
    ['ensureRoom, video', [room], () => providers.rooms.ensureRoom({ ...create, mode: 'video' }), 1],
    ['ensureRoom, audio', [room], () => providers.rooms.ensureRoom({ ...create, mode: 'audio' }), 1],
    ['ensureRoom, chat', [chat], () => providers.rooms.ensureRoom({ ...create, mode: 'chat' }), 1],
    ['closeRoom, video', [room], () => providers.rooms.closeRoom({ ...room, mode: 'video' }), 1],
    ['closeRoom, chat', [chat], () => providers.rooms.closeRoom({ ...chat, mode: 'chat' }), 1],
    ['isAlive, video', [room], () => providers.rooms.isAlive({ ...room, mode: 'video' }), 1],
    ['isAlive, chat', [chat], () => providers.rooms.isAlive({ ...chat, mode: 'chat' }), 1],
    ['readConnections', [none], () => providers.rooms.readConnections({ ...room, mode: 'video' }), 3],
    ['dropConnection', [{ sid: 'PA1' }], () => providers.rooms.dropConnection({ ...room, mode: 'video' }, 'PA1'), 1],
    ['addToChat', [{ sid: 'MB1' }], () => providers.rooms.addToChat({ ...chat, mode: 'chat' }, 'client:1'), 1],
    ['sendSms', [{ messages: [] }, { sid: 'SM1' }], () => providers.sms.sendSms(sms), 2],
  ])('%s', async (_name, answering, call, count) => {
    const requests = await requestsOf(answering, call);
    expect(requests).toHaveLength(count);
    for (const one of requests) expect(complaints(one)).toEqual([]);
  });

  test('the contract would notice', () => {
    const url = '/twilio/video/v1/Rooms';
    expect(complaints({ method: 'POST', url, body: 'UniqueName=a&Type=group' })).toEqual([]);
    expect(complaints({ method: 'POST', url, body: 'UniqueName=a&Colour=red' })).toEqual([
      'body Colour is not described',
    ]);
    expect(complaints({ method: 'POST', url, body: 'Type=palace' })).not.toEqual([]);
    expect(complaints({ method: 'GET', url: `${url}/RM1/Participants?Status=asleep`, body: '' })).not.toEqual([]);
    expect(complaints({ method: 'DELETE', url, body: '' })).not.toEqual([]);
  });

  /** The contract describes Conversations of the default service; ours are the same below their service. */
  function complaints(one: WireRequest): string[] {
    const [, product = '', rest = ''] = /^\/twilio\/(\w+)(\/.*)$/.exec(one.url) ?? [];
    const url = rest.replace(/^\/v1\/Services\/\w+\/Conversations/, '/v1/Conversations');
    return contractOf[product]?.complaints({ ...one, url }) ?? [`no contract for ${one.url}`];
  }
});

describe.runIf(hasContracts)('Razorpay', () => {
  /** Request-only names, from https://razorpay.com/docs/api/orders/create/ and .../payments/capture-settings/ */
  const REQUEST_ONLY = ['unique_receipt', 'partial_payment', 'payment'];
  const order = { id: 'order_1', amount: 5_000, currency: 'INR', status: 'created', notes: [] };
  const payment = { id: 'pay_1', amount: 5_000, currency: 'INR', status: 'authorized', order_id: 'order_1' };

  test('an order asks by names that its published entity has', async () => {
    const [create] = await requestsOf([order], () => providers.razorpay.openCheckout(request));
    const [example] = readContract<{ body: object }[]>('razorpay/orders-create.json');
    const body = JSON.parse(create?.body ?? '{}') as Record<string, unknown>;
    expect(create).toMatchObject({ method: 'POST', url: '/razorpay/v1/orders' });
    const named = Object.keys(body).filter((name) => !REQUEST_ONLY.includes(name));
    expect(Object.keys(example?.body ?? {})).toEqual(expect.arrayContaining(named));
    expect(String(body['receipt']).length).toBeLessThanOrEqual(40);
    expect(body).toMatchObject({ unique_receipt: true, partial_payment: false, amount: 5_000, currency: 'INR' });
  });

  test('a capture repeats the amount and currency of its payment', async () => {
    const requests = await requestsOf([order, { items: [payment] }, payment, order, { items: [payment] }], () =>
      providers.razorpay.capturePayment('order_1'),
    );
    const [capture] = requests.filter((one) => one.method === 'POST');
    expect(capture?.url).toBe('/razorpay/v1/payments/pay_1/capture');
    expect(JSON.parse(capture?.body ?? '')).toEqual({ amount: 5_000, currency: 'INR' });
  });
});
