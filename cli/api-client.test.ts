import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ApiClient, signIn } from './api-client.js';
import { ApiProblem, ApiUnreachable, describeError } from './api-problem.js';

interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers in turn; the last one again and again. */
let answers: { status: number; body: unknown; headers?: Record<string, string> }[];
let received: Received[];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      response
        .writeHead(answer.status, answer.headers)
        .end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  received = [];
});

const client = () => new ApiClient(base, 'a-token');

test('sends the token, leaves out what was not asked, and reads JSON', async () => {
  answers = [{ status: 200, body: { items: [] } }];
  expect(await client().get('/v1/appointments', { status: 'scheduled', needs: undefined, limit: 5 })).toEqual({
    items: [],
  });
  expect(received[0]).toMatchObject({ method: 'GET', url: '/v1/appointments?status=scheduled&limit=5' });
  expect(received[0]!.headers.authorization).toBe('Bearer a-token');
});

test('a refusal is an error with code and remedy, and one line for a person', async () => {
  const problem = {
    title: 'Payment required',
    status: 409,
    detail: 'This appointment is not paid.',
    code: 'payment_required',
    remedy: 'The client pays first.',
  };
  answers = [{ status: 409, body: problem, headers: { 'content-type': 'application/problem+json' } }];
  const error = await client()
    .post('/v1/appointments/x/activate')
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiProblem);
  expect(error).toMatchObject({ status: 409, code: 'payment_required', remedy: 'The client pays first.' });
  expect(describeError(error)).toBe('This appointment is not paid. The client pays first. [payment_required]');
});

test('invalid fields are named', () => {
  const problem = {
    title: 'Invalid',
    status: 422,
    code: 'invalid_request',
    errors: [{ field: 'query.limit', message: 'is too small' }],
  };
  expect(describeError(new ApiProblem(problem))).toBe('Invalid query.limit is too small. [invalid_request]');
});

test('a 503 is repeated with the same Idempotency-Key, and two calls have different ones', async () => {
  answers = [
    { status: 503, body: { code: 'temporal_unavailable' }, headers: { 'retry-after': '0.01' } },
    { status: 202, body: { id: 'x' } },
  ];
  expect(await client().postForStatus('/v1/appointments/x/activate', { reason: 'r' })).toEqual({
    status: 202,
    body: { id: 'x' },
  });
  await client().post('/v1/appointments/x/activate');
  const keys = received.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(3);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[2]).not.toBe(keys[0]);
  expect(JSON.parse(received[1]!.body)).toEqual({ reason: 'r' });
});

test('a 503 that stays is given up, and the sentence is its own', async () => {
  answers = [
    {
      status: 503,
      body: { detail: 'The database could not be reached.', code: 'database_unavailable' },
      headers: { 'retry-after': '0.01' },
    },
  ];
  await expect(client().get('/v1/me')).rejects.toThrow('The database could not be reached.');
  expect(received).toHaveLength(4);
});

test('whoever answers without our problem format, or not at all, is named', async () => {
  answers = [{ status: 502, body: '<html>Bad gateway</html>' }];
  await expect(client().get('/v1/me')).rejects.toThrow(ApiUnreachable);
  await expect(new ApiClient('http://127.0.0.1:1', 't').get('/v1/me')).rejects.toThrow(
    /http:\/\/127\.0\.0\.1:1 can't be reached/,
  );
});

test('a sign-in the issuer refuses says why', async () => {
  answers = [{ status: 400, body: { error: 'invalid_request', error_description: 'sign_in is missing' } }];
  await expect(signIn(base, '')).rejects.toThrow(/sign_in is missing/);
  answers = [{ status: 200, body: { access_token: 'jwt' } }];
  expect(await signIn(base, 'client-1')).toBe('jwt');
  expect(new URLSearchParams(received.at(-1)!.body).get('sign_in')).toBe('client-1');
});
