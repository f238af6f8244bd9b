import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ApiClient } from './api-client.js';
import { createProgram } from './program.js';

const BATCH = {
  id: 'b1',
  rail: 'csv',
  currency: 'KWD',
  amountMinor: 9_876,
  payouts: { total: 2, pending: 1, sent: 0, failed: 1 },
  createdAt: '2026-11-24T15:00:00.000Z',
};
const paid = { therapist: { name: 'Asha' }, amountMinor: 9_876, currency: 'KWD', status: 'pending', reference: 'P1' };
const DETAIL = {
  ...BATCH,
  items: [
    { ...paid, failureCode: null },
    { ...paid, status: 'failed', failureCode: 'no_account' },
  ],
};

/** What stands in for the API over the wire: one answer, and what was asked. */
let answer: { status: number; body: unknown };
let asked: string[];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
});

async function run(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const program = createProgram({
    print: (text) => void printed.push(text),
    token: () => Promise.resolve('t'),
    connect: () => Promise.resolve(new ApiClient(base, 't')),
  });
  const silent = { writeErr: () => undefined, writeOut: () => undefined };
  for (const group of [program, ...program.commands]) {
    for (const command of [group, ...group.commands]) command.exitOverride().configureOutput(silent);
  }
  await program.parseAsync(args, { from: 'user' });
  return printed.join('\n');
}

test('create asks for one batch and shows who gets what, and where the file is', async () => {
  answer = { status: 201, body: DETAIL };
  const shown = await run('payouts', 'create', '--currency', 'kwd');
  expect(asked).toEqual(['POST /v1/admin/payouts {"currency":"KWD","rail":"csv"}']);
  expect(shown).toContain('Batch b1: 9.876 KWD by csv.');
  expect(shown).toMatch(/Asha +9\.876 KWD +failed: no_account +P1/);
  expect(shown).toContain(`${base}/v1/admin/payouts/b1.csv`);
});

test('create by transfers names no file; an unknown rail and a missing currency are told before anything is asked', async () => {
  answer = { status: 201, body: { ...DETAIL, rail: 'stripe_connect' } };
  expect(await run('payouts', 'create', '--currency', 'USD', '--rail', 'stripe_connect')).not.toContain('.csv');
  asked = [];
  await expect(run('payouts', 'create', '--currency', 'USD', '--rail', 'pigeon')).rejects.toThrow(/choices/);
  await expect(run('payouts', 'create')).rejects.toThrow(/--currency/);
  expect(asked).toEqual([]);
});

test('what the API refuses is told by its own words', async () => {
  answer = { status: 409, body: { code: 'nothing_payable', detail: 'There is nothing to pay out.', remedy: 'Wait.' } };
  await expect(run('payouts', 'create', '--currency', 'EUR')).rejects.toMatchObject({ code: 'nothing_payable' });
});

test('list shows a line a batch, show each payout of one', async () => {
  answer = { status: 200, body: { items: [BATCH], nextCursor: null } };
  expect(await run('payouts', 'list')).toMatch(/b1 +2026-11-24 15:00:00Z +csv +9\.876 KWD +2 +1 +0 +1/);
  expect(JSON.parse(await run('payouts', 'list', '--json'))).toEqual([BATCH]);
  answer = { status: 200, body: { items: [], nextCursor: null } };
  expect(await run('payouts', 'list', '--limit', '5')).toBe('There are no payouts yet.');
  answer = { status: 200, body: DETAIL };
  expect(await run('payouts', 'show', 'b1')).toMatch(/Asha +9\.876 KWD +pending +P1/);
  expect(asked).toEqual([
    'GET /v1/admin/payouts?limit=50',
    'GET /v1/admin/payouts?limit=50',
    'GET /v1/admin/payouts?limit=5',
    'GET /v1/admin/payouts/b1',
  ]);
});
