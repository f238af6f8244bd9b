import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { setProviderRef, startProviderPayment } from '../db/payment-requests.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders, type Providers } from '../providers/index.js';
import { stripeCredentials } from '../sandbox/credentials.js';
import { startSandbox, type Sandbox } from '../sandbox/server.js';
import { bookAppointment, makeParties, MINUTE_MS, passTime, recordOf } from '../tests/support/appointments.js';
import { makePerson } from '../tests/support/people.js';
import { providerEnvironment } from '../dev/provider-environment.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { createReconcileActivities } from './reconcile.js';

/** The sandbox sends its webhooks to nobody: all of them are lost. */
const db = useTestDatabase();
let sandbox: Sandbox;
let gateways: Pick<Providers, 'stripe' | 'razorpay'>;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  gateways = createProviders(readProviderConfig(providerEnvironment(sandbox)));
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control.reset());

type Method = 'stripe' | 'razorpay';
const METHODS: Method[] = ['stripe', 'razorpay'];

async function sweep() {
  const { providers } = await createReconcileActivities({
    db: db(),
    gateways,
    log: pino({ level: 'silent' }),
  }).reconcilePayments();
  return { stripe: providers[0]!, razorpay: providers[1]! };
}

/** A top-up with its checkout open; `knowsRef` false when the provider's answer was lost. */
async function topUp(method: Method, { knowsRef = true } = {}) {
  const client = await makePerson(db(), 'client');
  const { id } = await db()
    .insertInto('payment')
    .values({ clientId: client.id, purpose: 'top_up', method, amountMinor: 5_000, currency: 'INR' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const providerRef = await openAt(method, { paymentId: id, appointmentId: null, clientId: client.id });
  if (knowsRef) await setProviderRef(db(), id, providerRef);
  const balance = async () => {
    const wallet = db().selectFrom('account').where('ownerId', '=', client.id).where('kind', '=', 'client_wallet');
    return (await wallet.select('balanceMinor').executeTakeFirst())?.balanceMinor ?? 0;
  };
  return { id, providerRef, balance };
}

async function openAt(
  method: Method,
  ids: { paymentId: string; appointmentId: string | null; clientId: string },
  amountMinor = 5_000,
): Promise<string> {
  const money = { amountMinor, currency: 'INR' };
  const { providerRef } = await gateways[method].openCheckout({ ...ids, money, description: 'x' });
  return providerRef;
}

/** A booked appointment of 60.00 with a checkout open. */
async function appointment(method: Method) {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  const payment = await startProviderPayment(db(), id, method);
  const ids = { paymentId: payment.id, appointmentId: id, clientId: parties.client.id };
  const providerRef = await openAt(method, ids, 6_000);
  await setProviderRef(db(), payment.id, providerRef);
  return { id, paymentId: payment.id, providerRef };
}

const act = (ref: string, action: 'pay' | 'decline' | 'authorize' | 'capture') =>
  sandbox.control.payments.act(ref, action);
const paymentOf = (id: string) => db().selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const messagesOf = (id: string) =>
  db()
    .selectFrom('message')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'payment_settled')
    .selectAll()
    .execute();

describe.each(METHODS)('a lost webhook of %s', (method) => {
  test('of a top-up: it is credited once, however often and at once it is swept', async () => {
    const one = await topUp(method);
    act(one.providerRef, 'pay');
    const [found] = await Promise.all([sweep(), sweep()]);
    expect(found[method]).toMatchObject({ unreachable: null, looked: 1, unknown: [], missing: [] });
    expect(await one.balance()).toBe(5_000);
    expect(await paymentOf(one.id)).toMatchObject({ status: 'completed', capturedMinor: 5_000 });
    expect((await sweep())[method]).toMatchObject({ looked: 1, credited: 0, finished: 0 });
    expect(await one.balance()).toBe(5_000);
  });

  test('of an appointment: one message waits for the relay, and its commit books', async () => {
    const one = await appointment(method);
    act(one.providerRef, 'pay');
    expect((await sweep())[method]).toMatchObject({ credited: 1 });
    expect((await sweep())[method]).toMatchObject({ credited: 0 });
    expect(await messagesOf(one.id)).toMatchObject([
      { actorRole: 'provider', nextAttemptAt: expect.any(Date) as Date, payload: { paymentId: one.paymentId } },
    ]);
    await commitAppointment(db(), one.id);
    expect(await recordOf(db(), one.id)).toMatchObject({ hold: 'held', payment: { status: 'completed', method } });
    expect((await sweep())[method]).toMatchObject({ credited: 0 });
    expect(await messagesOf(one.id)).toHaveLength(1);
  });

  test('of money that came too late: it goes the normal way, back to its source', async () => {
    const one = await appointment(method);
    await passTime(db(), one.id, 31 * MINUTE_MS);
    await db().updateTable('appointment').set({ paymentCheckedAt: new Date() }).where('id', '=', one.id).execute();
    await commitAppointment(db(), one.id);
    expect(await recordOf(db(), one.id)).toMatchObject({ status: 'expired' });
    act(one.providerRef, 'pay');
    await sweep();
    await commitAppointment(db(), one.id);
    expect(await recordOf(db(), one.id)).toMatchObject({ status: 'expired', hold: 'none' });
    const refunds = await db().selectFrom('refund').where('appointmentId', '=', one.id).selectAll().execute();
    expect(refunds).toMatchObject([{ amountMinor: 6_000, destination: 'source', reason: 'late_money' }]);
  });

  test('of a declined try: its status is known again', async () => {
    const one = await topUp(method);
    act(one.providerRef, 'decline');
    expect((await sweep())[method]).toMatchObject({ finished: 1 });
    expect(await paymentOf(one.id)).toMatchObject({ status: 'failed' });
    expect((await sweep())[method]).toMatchObject({ finished: 0 });
  });

  test('of an object whose id never reached us: the row learns it, and its money', async () => {
    const open = await topUp(method, { knowsRef: false });
    const paid = await topUp(method, { knowsRef: false });
    act(paid.providerRef, 'pay');
    expect((await sweep())[method]).toMatchObject({ adopted: 2, credited: 1 });
    expect(await paymentOf(open.id)).toMatchObject({ status: 'pending', providerRef: open.providerRef });
    expect(await paymentOf(paid.id)).toMatchObject({ status: 'completed', providerRef: paid.providerRef });
    expect((await sweep())[method]).toMatchObject({ adopted: 0, credited: 0 });
  });

  test('an object of a payment we never had is in the inbox for a person to look at, once', async () => {
    const paymentId = '01990000-0000-7000-8000-000000000000';
    const ref = await openAt(method, { paymentId, appointmentId: null, clientId: paymentId });
    act(ref, 'pay');
    expect((await sweep())[method]).toMatchObject({ looked: 1, credited: 0, unknown: [ref] });
    expect((await sweep())[method].unknown).toEqual([ref]);
    const inbox = await db().selectFrom('providerEvent').where('eventId', '=', `sweep:${ref}`).selectAll().execute();
    expect(inbox).toMatchObject([
      { provider: method, handledAt: null, paymentId: null, payload: { paymentId, amountMinor: 5_000 } },
    ]);
  });

  test('with the provider away the other one is swept, and the next sweep makes up for it', async () => {
    const other: Method = method === 'stripe' ? 'razorpay' : 'stripe';
    const [away, there] = [await topUp(method), await topUp(other)];
    act(away.providerRef, 'pay');
    act(there.providerRef, 'pay');
    sandbox.control.addFault({ provider: method, kind: 'reset_before' });
    const found = await sweep();
    expect(found[method].unreachable).toEqual(expect.any(String));
    expect(found[other]).toMatchObject({ unreachable: null, credited: 1 });
    expect([await away.balance(), await there.balance()]).toEqual([0, 5_000]);
    sandbox.control.clearFaults();
    expect((await sweep())[method]).toMatchObject({ credited: 1 });
    expect(await away.balance()).toBe(5_000);
  });

  test('an open row whose object the provider does not have is named', async () => {
    const one = await topUp(method);
    sandbox.control.reset();
    expect((await sweep())[method]).toMatchObject({
      looked: 0,
      missing: expect.arrayContaining([one.providerRef]) as string[],
    });
    await db().updateTable('payment').set({ status: 'refunded' }).where('id', '=', one.id).execute();
  });
});

test('an intent that was canceled at Stripe ends its try', async () => {
  const one = await topUp('stripe');
  await gateways.stripe.cancelPayment(one.providerRef);
  expect((await sweep()).stripe).toMatchObject({ finished: 1 });
  expect(await paymentOf(one.id)).toMatchObject({ status: 'failed', failureCode: 'canceled' });
  expect((await sweep()).stripe).toMatchObject({ finished: 0 });
});

test('what Razorpay has only authorised is captured and credited', async () => {
  const one = await topUp('razorpay');
  act(one.providerRef, 'authorize');
  expect((await sweep()).razorpay).toMatchObject({ credited: 1 });
  expect(await one.balance()).toBe(5_000);
  expect((await sweep()).razorpay).toMatchObject({ credited: 0 });
});

test('an order that was paid twice is credited twice: both are the client’s', async () => {
  const one = await topUp('razorpay');
  act(one.providerRef, 'authorize');
  act(one.providerRef, 'authorize');
  act(one.providerRef, 'capture');
  act(one.providerRef, 'capture');
  await sweep();
  expect(await one.balance()).toBe(10_000);
  await sweep();
  expect(await one.balance()).toBe(10_000);
});

test('objects without our metadata are somebody else’s', async () => {
  const body = new URLSearchParams({ amount: '900', currency: 'inr' });
  const headers = { authorization: `Bearer ${stripeCredentials.secretKey}` };
  const made = await fetch(`${sandbox.url}/v1/payment_intents`, { method: 'POST', headers, body });
  expect(made.status).toBe(200);
  expect((await sweep()).stripe).toMatchObject({ looked: 1, credited: 0, adopted: 0, unknown: [] });
});
