import { afterAll, beforeAll, expect, test } from 'vitest';
import { StripeGateway } from './stripe.js';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';

let server: LocalServer;
let answer: { status: number; body: string; headers?: Record<string, string> };
let calls = 0;

beforeAll(async () => {
  server = await startLocalServer((_request, response) => {
    calls += 1;
    if (answer.status === 0) return void response.socket?.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', 'request-id': 'req_1', ...answer.headers });
    response.end(answer.body);
  });
});
afterAll(() => server.close());

function refused(status: number, error: object) {
  return { status, body: JSON.stringify({ error }), headers: { 'stripe-should-retry': 'false' } };
}

test.each([
  ['a declined card', refused(402, { type: 'card_error', code: 'card_declined' }), 'card_declined', false],
  [
    'a bad key',
    refused(401, { type: 'invalid_request_error', message: 'Invalid: sk_test_1' }),
    'invalid_request_error',
    false,
  ],
  ['no permission', refused(403, { type: 'invalid_request_error' }), 'invalid_request_error', false],
  [
    'an unknown object',
    refused(404, { type: 'invalid_request_error', code: 'resource_missing' }),
    'resource_missing',
    false,
  ],
  [
    'a bad parameter',
    refused(400, { type: 'invalid_request_error', code: 'parameter_unknown' }),
    'parameter_unknown',
    false,
  ],
  ['a key of another request', refused(400, { type: 'idempotency_error' }), 'idempotency_error', false],
  ['a key in flight', refused(409, { type: 'idempotency_error' }), 'idempotency_error', true],
  ['a lock', refused(400, { type: 'invalid_request_error', code: 'lock_timeout' }), 'lock_timeout', true],
  ['too many', refused(429, { type: 'invalid_request_error', code: 'rate_limit' }), 'rate_limit', true],
  ['an outage', refused(500, { type: 'api_error' }), 'api_error', true],
  [
    'a page of a proxy',
    { status: 502, body: '<html>', headers: { 'stripe-should-retry': 'false' } },
    'response_unreadable',
    true,
  ],
  ['a cut connection', { status: 0, body: '' }, 'connection_failed', true],
])('%s', async (_name, given, code, retryable) => {
  answer = given;
  const gateway = new StripeGateway(configFor(server.url).stripe);
  const error: unknown = await gateway.fetchPayment('pi_1').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'ProviderError', provider: 'stripe', code, retryable });
  expect((error as Error).message).not.toContain('sk_test_1');
});

test('an outage is tried twice, no more', async () => {
  answer = { status: 503, body: '{"error":{"type":"api_error"}}' };
  calls = 0;
  await expect(new StripeGateway(configFor(server.url).stripe).fetchPayment('pi_1')).rejects.toMatchObject({
    httpStatus: 503,
  });
  expect(calls).toBe(2);
});
