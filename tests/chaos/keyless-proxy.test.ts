import { afterAll, beforeAll, expect, test } from 'vitest';
import { razorpayCredentials, stripeCredentials } from '../../sandbox/credentials.js';
import { type Sandbox, startSandbox } from '../../sandbox/server.js';
import { type KeylessProxy, startKeylessProxy } from './keyless-proxy.js';

let sandbox: Sandbox;
let proxy: KeylessProxy;
beforeAll(async () => {
  sandbox = await startSandbox();
  proxy = await startKeylessProxy(sandbox.url);
});
afterAll(async () => {
  await proxy.close();
  await sandbox.close();
});

async function intent(base: string, key: string): Promise<string> {
  const headers = { authorization: `Bearer ${stripeCredentials.secretKey}`, 'idempotency-key': key };
  const body = new URLSearchParams({ amount: '1000', currency: 'usd' });
  const response = await fetch(`${base}/v1/payment_intents`, { method: 'POST', headers, body });
  return String(((await response.json()) as { id: string }).id);
}

async function order(base: string, receipt: string): Promise<string> {
  const { keyId, keySecret } = razorpayCredentials;
  const authorization = `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ amount: 1000, currency: 'INR', receipt, unique_receipt: true });
  const response = await fetch(`${base}/razorpay/v1/orders`, { method: 'POST', headers, body });
  return String(((await response.json()) as { id: string }).id);
}

test('what a key makes one is two behind the proxy', async () => {
  expect(await intent(sandbox.url, 'one')).toBe(await intent(sandbox.url, 'one'));
  expect(await intent(proxy.url, 'two')).not.toBe(await intent(proxy.url, 'two'));
  expect(await order(sandbox.url, 'one')).toBe(await order(sandbox.url, 'one'));
  expect(await order(proxy.url, 'two')).not.toBe(await order(proxy.url, 'two'));
});

test('an answer that the sandbox loses is lost, and its effect is done', async () => {
  const before = sandbox.control.payments.list().length;
  sandbox.control.addFault({ provider: 'stripe', path: '/v1/payment_intents', kind: 'reset_after', times: 1 });
  await expect(intent(proxy.url, 'three')).rejects.toThrow('fetch failed');
  expect(sandbox.control.payments.list()).toHaveLength(before + 1);
});
