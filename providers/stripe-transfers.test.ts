import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox/server.js';
import { stripeCredentials } from '../sandbox/credentials.js';
import { csvRail, type PayoutOrder } from './payout-rail.js';
import { createStripeSdk } from './stripe-client.js';
import { StripeTransfers } from './stripe-transfers.js';
import { CONTRACTS_DIR, hasContracts, RequestContract, type WireRequest } from './test-contracts.js';
import { configFor, startLocalServer } from './test-support.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
afterEach(() => sandbox.control.clearFaults());

const configOf = (url: string) => ({ ...configFor(url).stripe, secretKey: stripeCredentials.secretKey });
const rail = () => new StripeTransfers(configOf(sandbox.url));

function order(over: Partial<PayoutOrder> = {}): PayoutOrder {
  const ids = { payoutId: randomUUID(), batchId: randomUUID() };
  return { ...ids, amountMinor: 4_800, currency: 'EUR', destination: 'acct_1', ...over };
}

async function transfersOf({ payoutId }: PayoutOrder) {
  const sdk = createStripeSdk(configOf(sandbox.url));
  return (await sdk.transfers.list({ transfer_group: `payout-${payoutId}` })).data;
}

test('a transfer carries our ids to the therapist’s account, and a repeat meets it', async () => {
  const payout = order();
  const first = await rail().send(payout);
  expect(await rail().send(payout)).toEqual(first);
  const { payoutId, batchId } = payout;
  expect(await transfersOf(payout)).toMatchObject([
    { id: first.providerRef, amount: 4_800, currency: 'eur', destination: 'acct_1', metadata: { payoutId, batchId } },
  ]);
});

test.each([
  ['a cut after the effect', { kind: 'reset_after' as const }],
  ['a cut before it', { kind: 'reset_before' as const }],
  ['an outage in between', { kind: 'error500' as const, stored: false }],
])('%s leaves one transfer', async (_name, fault) => {
  const payout = order();
  sandbox.control.addFault({ provider: 'stripe', method: 'POST', times: 1, ...fault });
  const { providerRef } = await rail().send(payout);
  expect((await transfersOf(payout)).map(({ id }) => id)).toEqual([providerRef]);
});

test('what was sent is found when nobody knows the answer any more, even for another account', async () => {
  const payout = order();
  const { providerRef } = await rail().send(payout);
  const posts = () => sandbox.control.calls().filter(({ method, path }) => method === 'POST' && /transfers/.test(path));
  const before = posts().length;
  expect(await rail().send({ ...payout, destination: 'acct_2' })).toEqual({ providerRef });
  expect(posts()).toHaveLength(before);
});

test('a failure that Stripe has stored is tried again later, and sends nothing twice', async () => {
  const payout = order();
  sandbox.control.addFault({ provider: 'stripe', method: 'POST', kind: 'error500', stored: true, times: 1 });
  await expect(rail().send(payout)).rejects.toMatchObject({ retryable: true });
  const moved = { ...payout, destination: 'acct_2' };
  await expect(rail().send(moved)).rejects.toMatchObject({ code: 'idempotency_error', retryable: true });
  expect(await transfersOf(payout)).toEqual([]);
});

test.each([
  ['acct_insufficient', 'balance_insufficient'],
  ['acct_closed', 'account_closed'],
  ['nobody', 'resource_missing'],
  [null, 'no_destination'],
])('%s is final: %s', async (destination, code) => {
  await expect(rail().send(order({ destination }))).rejects.toMatchObject({ code, retryable: false });
});

test('too many requests is retryable', async () => {
  sandbox.control.addFault({ provider: 'stripe', kind: 'error429' });
  await expect(rail().send(order())).rejects.toMatchObject({ httpStatus: 429, retryable: true });
});

test('a file for the bank has nothing to wait for', async () => {
  expect(await csvRail.send(order({ destination: null }))).toEqual({ providerRef: null });
});

test.runIf(!hasContracts)(`the contracts are in ${CONTRACTS_DIR}`, ({ skip }) => {
  if (process.env['CI']) throw new Error('In CI the contracts must be there: set CONTRACTS_DIR');
  skip('no contracts here: set CONTRACTS_DIR');
});

describe.runIf(hasContracts)('Stripe’s published contract', () => {
  test('knows all that we send', async () => {
    const sent: WireRequest[] = [];
    const keys: unknown[] = [];
    const server = await startLocalServer(({ method = '', url = '', headers }, response, body) => {
      sent.push({ method, url, body });
      keys.push(headers['idempotency-key']);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(method === 'GET' ? { object: 'list', data: [] } : { id: 'tr_1' }));
    });
    const payout = order();
    try {
      expect(await new StripeTransfers(configOf(server.url)).send(payout)).toEqual({ providerRef: 'tr_1' });
    } finally {
      await server.close();
    }
    const contract = new RequestContract('stripe/openapi-2023-08-16.json');
    expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect(sent.flatMap((request) => contract.complaints(request))).toEqual([]);
    expect(keys[1]).toBe(`payout-${payout.payoutId}`);
  });
});
