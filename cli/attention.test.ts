import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from './api-client.js';
import { type AttentionView, showAttention } from './attention.js';

let answer: AttentionView;
let server: Server;
let api: ApiClient;
beforeAll(async () => {
  server = createServer((request, response) => {
    const known = request.url === '/v1/admin/attention';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known ? answer : { code: 'not_found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 't');
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
async function shown(options: { json?: boolean } = {}): Promise<string> {
  const printed: string[] = [];
  await showAttention(api, options, (text) => void printed.push(text));
  return printed.join('\n').replace(ESCAPES, '');
}

const since = '2026-11-24T10:00:00.000Z';

test('kind by kind: what to do, then each with its facts', async () => {
  const dispute = { status: 'open', amountMinor: 6_000, currency: 'INR', evidenceDueAt: '2026-12-01', reason: null };
  answer = {
    items: [
      { kind: 'dispute_open', id: 'd1', appointmentId: 'a1', since, detail: dispute, remedy: 'Give evidence.' },
      {
        kind: 'deadline_passed',
        id: 'a2',
        appointmentId: 'a2',
        since,
        detail: { deadline: 'join' },
        remedy: 'Repair.',
      },
    ],
    more: ['deadline_passed'],
  };
  expect(await shown()).toBe(
    [
      'dispute open (1): Give evidence.',
      'SINCE                 ID  APPOINTMENT  WHAT',
      '2026-11-24 10:00:00Z  d1  a1           60.00 INR, status open, evidenceDueAt 2026-12-01',
      'deadline passed (1 and more): Repair.',
      'SINCE                 ID  APPOINTMENT  WHAT',
      '2026-11-24 10:00:00Z  a2  -            deadline join',
    ].join('\n'),
  );
  expect(JSON.parse(await shown({ json: true }))).toEqual(answer);
});

test('nothing is said to be nothing', async () => {
  answer = { items: [], more: [] };
  expect(await shown()).toBe('Nothing needs attention.');
});
