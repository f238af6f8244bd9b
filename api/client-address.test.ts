import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { clientAddress, countedAddress } from './client-address.js';
import type { ApiEnv } from './services.js';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::1', '2001:db8:1:2'],
  ['2001:0db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, counted) => {
  expect(countedAddress(address)).toBe(counted);
});

const heard = async (trusted: number, forwarded?: string): Promise<string> => {
  const app = new Hono<ApiEnv>().get('/', (c) => c.text(clientAddress(c, trusted)));
  const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const answer = await app.request('/', { headers }, { incoming: { socket: { remoteAddress: '10.0.0.9' } } });
  return answer.text();
};

test('without a trusted proxy the header is anybody’s claim; with some, what the outermost of ours heard counts', async () => {
  expect(await heard(0, '198.51.100.1')).toBe('10.0.0.9');
  expect(await heard(1, '6.6.6.6, 198.51.100.1')).toBe('198.51.100.1');
  expect(await heard(2, '6.6.6.6, 198.51.100.1, 10.0.0.1')).toBe('198.51.100.1');
  expect(await heard(1)).toBe('10.0.0.9');
});
