import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpServer, SERVER_BOUNDS } from './server.js';

const app = new Hono().get('/', (c) => c.text('here')).post('/', async (c) => c.text(await c.req.text()));
const bounds = { ...SERVER_BOUNDS, headersMs: 300, requestMs: 700, checkMs: 100 };
const server = createHttpServer(app.fetch, bounds);
let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Everything that comes until the server closes. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string;
  return text;
}

async function sent(...pieces: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const piece of pieces) socket.write(piece);
  return heard(socket);
}

function expectProblem(answer: string, status: number, code: string): void {
  const [head, body] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body!)).toMatchObject({ status, code, remedy: expect.stringMatching(/.+/) as string });
}

test('headers that never end, and a body that comes too slowly, are given up in time', async () => {
  const startedAt = performance.now();
  const answers = await Promise.all([
    sent('GET / HTTP/1.1\r\nhost: x\r\nx-slow: '),
    sent('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345'),
  ]);
  for (const answer of answers) expectProblem(answer, 408, 'request_timeout');
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test('headers and an address that are too large, and what is no HTTP, are problems', async () => {
  const large = 'x'.repeat(20_000);
  expectProblem(await sent(`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${large}\r\n\r\n`), 431, 'headers_too_large');
  expectProblem(await sent(`GET /?${large} HTTP/1.1\r\nhost: x\r\n\r\n`), 431, 'headers_too_large');
  expectProblem(await sent('nonsense\r\n\r\n'), 400, 'request_unreadable');
  const twice = 'content-length: 3\r\ntransfer-encoding: chunked';
  expectProblem(await sent(`POST / HTTP/1.1\r\nhost: x\r\n${twice}\r\n\r\nabc`), 400, 'request_unreadable');
});

test('others are answered meanwhile', async () => {
  const slow = sent('GET / HTTP/1.1\r\nhost: x\r\nx-slow: ');
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
  expectProblem(await slow, 408, 'request_timeout');
});
