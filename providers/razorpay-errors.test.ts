import { afterAll, beforeAll, expect, test } from 'vitest';
import { RazorpayGateway } from './razorpay.js';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';

let server: LocalServer;
let answers: { status: number; body: string }[] = [];
const seen: string[] = [];

beforeAll(async () => {
  server = await startLocalServer((request, response, body) => {
    seen.push(`${request.method} ${request.url} ${body}`);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (!answer || answer.status === 0) return void response.socket?.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body);
  });
});
afterAll(() => server.close());

const gateway = () => new RazorpayGateway(configFor(server.url).razorpay);
const refused = (status: number, error: object) => ({ status, body: JSON.stringify({ error }) });
const badRequest = { code: 'BAD_REQUEST_ERROR', description: 'Nope' };

test.each([
  [
    'a bad request',
    refused(400, { ...badRequest, reason: 'input_validation_failed' }),
    'input_validation_failed',
    false,
  ],
  ['one without reason', refused(400, { ...badRequest, reason: 'NA' }), 'BAD_REQUEST_ERROR', false],
  ['a bad key', refused(401, badRequest), 'BAD_REQUEST_ERROR', false],
  ['a conflict', refused(409, badRequest), 'BAD_REQUEST_ERROR', true],
  ['too many', refused(429, badRequest), 'BAD_REQUEST_ERROR', true],
  ['an outage', refused(500, { code: 'SERVER_ERROR' }), 'SERVER_ERROR', true],
  ['a page of a proxy', { status: 502, body: '<html>' }, 'http_502', true],
  ['an empty answer', { status: 503, body: '' }, 'http_503', true],
  ['a null answer', { status: 400, body: 'null' }, 'http_400', false],
  ['a page with 200', { status: 200, body: '<html>' }, 'response_unreadable', true],
  ['a cut connection', { status: 0, body: '' }, 'connection_failed', true],
])('%s', async (_name, answer, code, retryable) => {
  answers = [answer];
  await expect(gateway().fetchPayment('order_1')).rejects.toMatchObject({
    name: 'ProviderError',
    provider: 'razorpay',
    code,
    retryable,
  });
});

test('a read is repeated once after a cut connection, a capture never', async () => {
  const order = { id: 'order_1', amount: 500, currency: 'INR', status: 'attempted' };
  const payments = {
    items: [{ id: 'pay_1', amount: 500, currency: 'INR', status: 'authorized', order_id: 'order_1' }],
  };
  answers = [
    { status: 0, body: '' },
    { status: 200, body: JSON.stringify(order) },
    { status: 200, body: JSON.stringify(payments) },
    { status: 0, body: '' },
  ];
  seen.length = 0;
  await expect(gateway().capturePayment('order_1')).rejects.toMatchObject({ code: 'connection_failed' });
  expect(seen).toEqual([
    'GET /razorpay/v1/orders/order_1 ',
    'GET /razorpay/v1/orders/order_1 ',
    'GET /razorpay/v1/orders/order_1/payments ',
    'POST /razorpay/v1/payments/pay_1/capture {"amount":500,"currency":"INR"}',
  ]);
});

test('"already been captured" is success, as the next read tells', async () => {
  const order = { status: 200, body: JSON.stringify({ id: 'order_1', amount: 500, currency: 'INR', status: 'paid' }) };
  const payment = { id: 'pay_1', amount: 500, currency: 'INR', order_id: 'order_1' };
  const payments = (status: string) => ({ status: 200, body: JSON.stringify({ items: [{ ...payment, status }] }) });
  const already = refused(400, { code: 'BAD_REQUEST_ERROR', description: 'This payment has already been captured' });
  answers = [order, payments('authorized'), already, order, payments('captured')];
  await expect(gateway().capturePayment('order_1')).resolves.toMatchObject({ status: 'succeeded', chargeRef: 'pay_1' });
});

test('a receipt that is taken leads to its order, unless the sum differs', async () => {
  const taken = refused(400, { code: 'BAD_REQUEST_ERROR', description: 'Order receipt should be unique.' });
  const found = {
    id: 'order_7',
    amount: 500,
    currency: 'INR',
    status: 'created',
    receipt: 'p-1',
    notes: { paymentId: 'p-1' },
  };
  const list = { status: 200, body: JSON.stringify({ items: [{ ...found, id: 'order_8', receipt: 'p-2' }, found] }) };
  const money = { amountMinor: 500, currency: 'INR' };
  const request = { paymentId: 'p-1', appointmentId: 'a-1', clientId: 'c-1', money, description: 'Session' };

  answers = [taken, list];
  await expect(gateway().openCheckout(request)).resolves.toMatchObject({ providerRef: 'order_7' });
  answers = [taken, list];
  await expect(gateway().openCheckout({ ...request, money: { ...money, amountMinor: 501 } })).rejects.toMatchObject({
    code: 'receipt_reused',
    retryable: false,
  });
});
