import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeDisputeEvent } from '../db/dispute-events.js';
import { completeTopUp } from '../db/payments.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders, type Providers } from '../providers/index.js';
import { startSandbox, type Sandbox } from '../sandbox/server.js';
import { providerEnvironment } from '../dev/provider-environment.js';
import { expectBooksInOrder, paymentOf, tell } from '../tests/support/disputes.js';
import { makeClient } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { reviewDisputes } from './dispute-review.js';

/** The sandbox sends its webhooks to nobody: all of them are lost. */
const db = useTestDatabase();
let sandbox: Sandbox;
let gateways: Pick<Providers, 'stripe' | 'razorpay'>;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  gateways = createProviders(readProviderConfig(providerEnvironment(sandbox)));
});
afterAll(() => sandbox.close());

const review = () => reviewDisputes({ db: db(), gateways, log: pino({ level: 'silent' }) });
const disputesOf = (paymentId: string) =>
  db().selectFrom('dispute').where('paymentId', '=', paymentId).selectAll().execute();

type Method = 'stripe' | 'razorpay';

/** A top-up of 50.00 that is paid at the provider; `arrived` when its money is on the wallet. */
async function topUp(method: Method, { arrived = true } = {}) {
  const { id: clientId } = await makeClient(db(), 0);
  const paymentId = randomUUID();
  const { providerRef } = await gateways[method].openCheckout({
    paymentId,
    appointmentId: null,
    clientId,
    money: { amountMinor: 5_000, currency: 'INR' },
    description: 'x',
  });
  const row = { id: paymentId, clientId, purpose: 'top_up' as const, method, amountMinor: 5_000, currency: 'INR' };
  await db()
    .insertInto('payment')
    .values({ ...row, providerRef })
    .execute();
  sandbox.control.payments.act(providerRef, 'pay');
  const arrive = async () => {
    const payment = await paymentOf(db(), paymentId);
    const arrival = { payment, amountMinor: 5_000, currency: 'INR', chargeRef: `ch_${paymentId}` };
    await db()
      .transaction()
      .execute((trx) => completeTopUp(trx, arrival));
  };
  if (arrived) await arrive();
  return { paymentId, providerRef, arrive };
}

/** What the bank said, as far as we were told. */
async function told(method: Method, disputeRef: string): Promise<void> {
  const { money, ...dispute } = await gateways[method].fetchDispute(disputeRef);
  await tell(db(), { provider: method, ...dispute, ...money });
}

const bank = (...said: Parameters<Sandbox['control']['disputes']['act']>) => sandbox.control.disputes.act(...said);

test.each(['stripe', 'razorpay'] as const)('%s: a decision whose webhooks were lost is found', async (method) => {
  const { paymentId, providerRef } = await topUp(method);
  const { id } = bank(providerRef, 'open_dispute');
  await told(method, id);
  bank(providerRef, 'lose_dispute');
  await review();
  expect(await disputesOf(paymentId)).toMatchObject([{ status: 'lost', countedMinor: 5_000 }]);
  await review();
  await expectBooksInOrder(db());
});

test('what was disputed before its money arrived is counted once it has', async () => {
  const { paymentId, providerRef, arrive } = await topUp('stripe', { arrived: false });
  const { id } = bank(providerRef, 'open_dispute');
  await told('stripe', id);
  expect(await disputesOf(paymentId)).toMatchObject([{ status: 'open', countedMinor: 0 }]);
  await arrive();
  await review();
  expect(await disputesOf(paymentId)).toMatchObject([{ status: 'open', countedMinor: 5_000 }]);
  expect(await paymentOf(db(), paymentId)).toMatchObject({ disputedMinor: 5_000 });
  await expectBooksInOrder(db());
});

test('an event that was stored and never brought to its end is handled', async () => {
  const { paymentId, providerRef } = await topUp('stripe');
  const { id } = bank(providerRef, 'open_dispute');
  const event = {
    provider: 'stripe' as const,
    eventId: `evt_${randomUUID()}`,
    type: 'charge.dispute.created',
    payload: { data: { object: { id } } },
  };
  expect(await storeDisputeEvent(db(), event)).toBe(true);
  const long = new Date(Date.now() - 120_000);
  await db().updateTable('providerEvent').set({ receivedAt: long }).where('eventId', '=', event.eventId).execute();
  await review();
  expect(await disputesOf(paymentId)).toMatchObject([{ status: 'open', countedMinor: 5_000 }]);
  expect(await storeDisputeEvent(db(), event)).toBe(false);
});

test('a provider that is away stops nothing else', async () => {
  const [away, there] = [await topUp('stripe'), await topUp('razorpay')];
  await told('stripe', bank(away.providerRef, 'open_dispute').id);
  await told('razorpay', bank(there.providerRef, 'open_dispute').id);
  bank(away.providerRef, 'win_dispute');
  bank(there.providerRef, 'win_dispute');
  sandbox.control.addFault({ provider: 'stripe', path: '/v1/disputes', kind: 'error500' });
  await review();
  expect(await disputesOf(away.paymentId)).toMatchObject([{ status: 'open' }]);
  expect(await disputesOf(there.paymentId)).toMatchObject([{ status: 'won' }]);
  sandbox.control.clearFaults();
  await review();
  expect(await disputesOf(away.paymentId)).toMatchObject([{ status: 'won', countedMinor: 0 }]);
});
