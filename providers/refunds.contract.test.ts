import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProviders, type Providers } from './index.js';
import { CONTRACTS_DIR, hasContracts, readContract, RequestContract, type WireRequest } from './test-contracts.js';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';

/* What our adapters send for refunds, as it is on the wire, against the vendors' published descriptions. */
const sent: WireRequest[] = [];
let server: LocalServer;
let providers: Providers;

const refund = { id: 're_1', status: 'succeeded', amount: 5_000, currency: 'inr', payment_id: 'pay_1', notes: [] };

beforeAll(async () => {
  server = await startLocalServer((request, response, body) => {
    sent.push({ method: request.method ?? '', url: request.url ?? '', body });
    const isList = request.method === 'GET' && /\/refunds(\?|$)/.test(request.url ?? '');
    const list = { object: 'list', data: [], items: [], has_more: false };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isList ? list : refund));
  });
  providers = createProviders(configFor(server.url));
});
afterAll(() => server.close());

async function requestsOf(call: () => Promise<unknown>): Promise<WireRequest[]> {
  sent.length = 0;
  await call();
  return [...sent];
}

const order = {
  refundId: '0199f3c2-0000-7000-8000-000000000001',
  providerRef: 'pi_1',
  chargeRef: 'pay_1',
  amountMinor: 5_000,
};

test.runIf(!hasContracts)(`the contracts are in ${CONTRACTS_DIR}`, ({ skip }) => {
  if (process.env['CI']) throw new Error('In CI the contracts must be there: set CONTRACTS_DIR');
  skip('no contracts here: set CONTRACTS_DIR');
});

test.runIf(hasContracts).each([
  ['refundPayment', () => providers.stripe.refundPayment(order), ['GET', 'POST']],
  ['fetchRefund', () => providers.stripe.fetchRefund('re_1'), ['GET']],
  ['listRefunds', () => providers.stripe.listRefunds(order), ['GET']],
] as const)('Stripe: %s', async (_name, call, methods) => {
  const contract = new RequestContract('stripe/openapi-2023-08-16.json');
  const requests = await requestsOf(call);
  expect(requests.map(({ method }) => method)).toEqual(methods);
  for (const one of requests) expect(contract.complaints(one)).toEqual([]);
  const body = new URLSearchParams(requests.at(-1)?.body);
  if (requests.at(-1)?.method === 'POST') {
    expect(Object.fromEntries(body)).toEqual({
      amount: '5000',
      payment_intent: 'pi_1',
      'metadata[refundId]': order.refundId,
    });
  }
});

test.runIf(hasContracts)('Razorpay: a refund asks by names that its published entity has', async () => {
  const requests = await requestsOf(() => providers.razorpay.refundPayment(order));
  expect(requests.map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
    'GET /razorpay/v1/payments/pay_1/refunds',
    'POST /razorpay/v1/payments/pay_1/refund',
  ]);
  const [example] = readContract<{ body: object }[]>('razorpay/refunds-create-normal.json');
  const body = JSON.parse(requests[1]?.body ?? '{}') as Record<string, unknown>;
  const answered = [...Object.keys(example?.body ?? {}), 'speed']; // answered as speed_requested
  expect(answered).toEqual(expect.arrayContaining(Object.keys(body)));
  expect(body).toEqual({ amount: 5_000, speed: 'normal', notes: { refundId: order.refundId } });
  const [fetched] = await requestsOf(() => providers.razorpay.fetchRefund('rfnd_1'));
  expect(fetched).toMatchObject({ method: 'GET', url: '/razorpay/v1/refunds/rfnd_1' });
});
