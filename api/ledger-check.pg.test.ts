import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setProviderRef } from '../db/payment-requests.js';
import { completeTopUp } from '../db/payments.js';
import { stripeCredentials } from '../sandbox/credentials.js';
import { makePerson } from '../tests/support/people.js';
import { ledgerCheckSchema } from './routes/admin-ledger.js';
import { over } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
  const limit = { currency: 'INR', maxMinor: 1_000_000 };
  await world.db
    .insertInto('topUpLimit')
    .values([
      { ...limit, method: 'stripe' },
      { ...limit, method: 'razorpay' },
    ])
    .execute();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sandbox.control.setWebhookMode({});
  world.sandbox.control.clearFaults();
});

type Method = 'stripe' | 'razorpay';

async function check(query = '') {
  const { status, body } = await world.send(world.parties.admin, `/v1/admin/ledger/check${query}`);
  expect(status).toBe(200);
  return ledgerCheckSchema.strict().parse(body);
}

/** What the check says of one payment. */
async function said(paymentId: string) {
  const { providers } = await check();
  return providers.flatMap(({ differences }) => differences.filter((one) => one.paymentId === paymentId));
}

async function openTopUp(method: Method, amountMinor = 5_000) {
  const client = await makePerson(world.db, 'client');
  const { body } = await world.post(client, '/v1/wallets/INR/top-ups', { method, amountMinor }, randomUUID());
  const id = String(body['id']);
  const { providerRef } = await paymentOf(id);
  return { id, providerRef: providerRef!, client };
}

const paymentOf = (id: string) =>
  world.db.selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

async function paidTopUp(method: Method) {
  const one = await openTopUp(method);
  world.sandbox.control.payments.act(one.providerRef, 'pay');
  await expect.poll(async () => (await paymentOf(one.id)).status).toBe('completed');
  return one;
}

test('money that is right is ok: every rule holds, and both providers agree', async () => {
  await over(world);
  await paidTopUp('stripe');
  await paidTopUp('razorpay');
  await openTopUp('stripe');
  const found = await check();
  expect(found).toMatchObject({
    ok: true,
    providers: [
      { provider: 'stripe', unreachable: null, compared: 2, differences: [] },
      { provider: 'razorpay', unreachable: null, compared: 1, differences: [] },
    ],
  });
  expect(found.rules.length).toBeGreaterThan(12);
  expect(found.rules.filter(({ ok }) => !ok)).toEqual([]);
});

test('is for admins', async () => {
  for (const person of [world.parties.client, world.parties.therapist])
    expect((await world.send(person, '/v1/admin/ledger/check')).status).toBe(403);
  expect((await world.send(world.parties.admin, '/v1/admin/ledger/check?days=31')).status).toBe(422);
});

test('a broken rule is named with what breaks it, in the API’s own names', async () => {
  const { client } = await paidTopUp('stripe');
  const account = `client_wallet:${client.id}:INR`;
  const change = (by: number) =>
    world.db
      .updateTable('account')
      .set((eb) => ({ balanceMinor: eb('balanceMinor', '+', by) }))
      .where('code', '=', account)
      .execute();
  await change(3);
  const found = await check('?days=0');
  expect(found).toMatchObject({ ok: false, providers: [] });
  expect(found.rules.find(({ rule }) => rule === 'balances_equal_entries')).toEqual({
    rule: 'balances_equal_entries',
    ok: false,
    detail: [{ account, balanceMinor: 5_003, entriesMinor: 5_000 }],
  });
  await change(-3);
  expect((await check('?days=0')).ok).toBe(true);
});

describe.each<Method>(['stripe', 'razorpay'])('%s', (method) => {
  test('has money that was not funded here', async () => {
    world.sandbox.control.setWebhookMode({ drop: true });
    const one = await openTopUp(method);
    world.sandbox.control.payments.act(one.providerRef, 'pay');
    const differs = { providerRef: one.providerRef, currency: 'INR', thereMinor: 5_000, hereMinor: 0 };
    expect(await said(one.id)).toMatchObject([{ kind: 'captured_not_funded', ...differs }]);
    expect((await check()).ok).toBe(false);
  });

  test('lacks money that was funded here', async () => {
    const one = await openTopUp(method);
    await credit(one.id, 5_000);
    expect(await said(one.id)).toMatchObject([{ kind: 'funded_not_captured', thereMinor: 0, hereMinor: 5_000 }]);
  });

  test('has another amount', async () => {
    world.sandbox.control.setWebhookMode({ drop: true });
    const one = await openTopUp(method);
    world.sandbox.control.payments.act(one.providerRef, 'pay');
    await credit(one.id, 4_999);
    expect(await said(one.id)).toMatchObject([{ kind: 'captured_differs', thereMinor: 5_000, hereMinor: 4_999 }]);
  });

  test('does not know the object of money that was funded here', async () => {
    const one = await openTopUp(method);
    await credit(one.id, 700);
    await setProviderRef(world.db, one.id, `gone_${one.id}`);
    expect(await said(one.id)).toMatchObject([{ kind: 'funded_not_captured', thereMinor: 0, hereMinor: 700 }]);
  });

  test('has money for a payment that we never had', async () => {
    world.sandbox.control.setWebhookMode({ drop: true });
    const one = await openTopUp(method);
    world.sandbox.control.payments.act(one.providerRef, 'pay');
    await world.db.deleteFrom('payment').where('id', '=', one.id).execute();
    expect(await said(one.id)).toMatchObject([{ kind: 'unknown_payment', thereMinor: 5_000 }]);
  });

  test('that is away is told apart, and is no difference', async () => {
    world.sandbox.control.addFault({ provider: method, kind: 'reset_before' });
    const { providers } = await check();
    const other = providers.find(({ provider }) => provider !== method);
    expect(providers.find(({ provider }) => provider === method)).toMatchObject({
      unreachable: expect.any(String) as string,
    });
    expect(other).toMatchObject({ unreachable: null });
  });
});

test('a refund that was made by hand at the provider, and that we were not told of, differs', async () => {
  const one = await paidTopUp('stripe');
  world.sandbox.control.setWebhookMode({ drop: true });
  const made = await fetch(`${world.sandbox.url}/v1/refunds`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stripeCredentials.secretKey}` },
    body: new URLSearchParams({ payment_intent: one.providerRef, amount: '1200' }),
  });
  expect(made.status).toBe(200);
  expect(await said(one.id)).toMatchObject([{ kind: 'refunded_differs', thereMinor: 1_200, hereMinor: 0 }]);
});

/** Credits a wallet behind the provider's back. */
async function credit(id: string, amountMinor: number): Promise<void> {
  const payment = await paymentOf(id);
  await world.db
    .transaction()
    .execute((trx) => completeTopUp(trx, { payment, amountMinor, currency: 'INR', chargeRef: `by-hand-${id}` }));
}
