import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bookAppointment, makeParties } from '../tests/support/appointments.js';
import { makePerson } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { setProviderRef, startProviderPayment } from './payment-requests.js';
import {
  openProviderPayments,
  recordProviderAnswer,
  storePaymentEvent,
  type PaymentNews,
  type ProviderEvent,
} from './provider-events.js';

const db = useTestDatabase();

interface Try {
  id: string;
  paymentId: string;
  providerRef: string;
}

/** A booking with a Stripe try whose PaymentIntent is known. */
async function startTry(): Promise<Try> {
  const id = await bookAppointment(db(), await makeParties(db()));
  const { id: paymentId } = await startProviderPayment(db(), id, 'stripe');
  const providerRef = `pi_${randomUUID()}`;
  await setProviderRef(db(), paymentId, providerRef);
  return { id, paymentId, providerRef };
}

const event = (changes: Partial<ProviderEvent> = {}): ProviderEvent => ({
  provider: 'stripe',
  eventId: `evt_${randomUUID()}`,
  type: 'payment_intent.x',
  payload: { seen: true },
  ...changes,
});

function news(
  { providerRef }: Pick<Try, 'providerRef'>,
  status: PaymentNews['status'],
  changes: Partial<PaymentNews> = {},
): PaymentNews {
  return {
    status,
    providerRef,
    paymentId: null,
    amountMinor: 6_000,
    currency: 'INR',
    chargeRef: status === 'succeeded' ? `ch_${providerRef}` : null,
    failureCode: status === 'failed' ? 'card_declined' : null,
    ...changes,
  };
}

const messagesOf = (id: string) =>
  db().selectFrom('message').where('appointmentId', '=', id).select(['id', 'kind', 'payload', 'actorRole']).execute();
const paymentOf = (id: string) => db().selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const inboxOf = (eventId: string) =>
  db()
    .selectFrom('providerEvent')
    .where('eventId', '=', eventId)
    .select(['paymentId', 'handledAt', 'payload'])
    .executeTakeFirst();

test('money that arrived becomes one message, in the transaction that stores its event', async () => {
  const one = await startTry();
  const told = event();
  const signal = await storePaymentEvent(db(), told, news(one, 'succeeded'));
  expect(signal).toEqual({ appointmentId: one.id, messageId: expect.any(String) });
  expect(await messagesOf(one.id)).toEqual([
    {
      id: signal!.messageId,
      kind: 'payment_settled',
      actorRole: 'provider',
      payload: {
        paymentId: one.paymentId,
        amountMinor: 6_000,
        currency: 'INR',
        chargeRef: `ch_${one.providerRef}`,
        provider: 'stripe',
      },
    },
  ]);
  expect(await inboxOf(told.eventId)).toMatchObject({
    paymentId: one.paymentId,
    handledAt: expect.any(Date),
    payload: { seen: true },
  });
});

describe('repeats', () => {
  test('one event ten times at once is one message', async () => {
    const one = await startTry();
    const told = event();
    const signals = await Promise.all(
      Array.from({ length: 10 }, () => storePaymentEvent(db(), told, news(one, 'succeeded'))),
    );
    expect(signals.filter((signal) => signal !== null)).toHaveLength(1);
    expect(await messagesOf(one.id)).toHaveLength(1);
  });

  test('ten events of one charge at once are one message too', async () => {
    const one = await startTry();
    await Promise.all(Array.from({ length: 10 }, () => storePaymentEvent(db(), event(), news(one, 'succeeded'))));
    expect(await messagesOf(one.id)).toHaveLength(1);
  });

  test('an event and our own question about the same charge are one message', async () => {
    const one = await startTry();
    const answers = await Promise.all([
      storePaymentEvent(db(), event(), news(one, 'succeeded')),
      recordProviderAnswer(db(), news(one, 'succeeded'), 'stripe'),
    ]);
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
    expect(await messagesOf(one.id)).toHaveLength(1);
  });

  test('another charge on the same object is a message of its own', async () => {
    const one = await startTry();
    await storePaymentEvent(db(), event(), news(one, 'succeeded'));
    await storePaymentEvent(db(), event(), news(one, 'succeeded', { chargeRef: 'ch_second' }));
    expect(await messagesOf(one.id)).toHaveLength(2);
  });

  test('the same id from another provider is another event', async () => {
    const one = await startTry();
    const told = event();
    await storePaymentEvent(db(), told, news(one, 'processing'));
    await storePaymentEvent(db(), { ...told, provider: 'razorpay' }, null);
    expect(
      await db().selectFrom('providerEvent').where('eventId', '=', told.eventId).select('provider').execute(),
    ).toHaveLength(2);
  });
});

describe('order', () => {
  test.each<[string, PaymentNews['status'][]]>([
    ['as it happened', ['processing', 'failed', 'requires_action', 'succeeded']],
    ['backwards', ['succeeded', 'requires_action', 'failed', 'processing']],
    ['mixed', ['failed', 'succeeded', 'processing', 'canceled']],
  ])('%s: the money is told once', async (_, statuses) => {
    const one = await startTry();
    for (const status of statuses) await storePaymentEvent(db(), event(), news(one, status));
    expect(await messagesOf(one.id)).toHaveLength(1);
  });

  test('news of a payment that is completed never takes it back', async () => {
    const one = await startTry();
    await db().updateTable('payment').set({ status: 'completed' }).where('id', '=', one.paymentId).execute();
    for (const status of ['failed', 'processing', 'canceled', 'open'] as const)
      await storePaymentEvent(db(), event(), news(one, status));
    expect(await paymentOf(one.paymentId)).toMatchObject({ status: 'completed', failureCode: null });
  });

  test.each<[PaymentNews['status'], string, string | null]>([
    ['open', 'pending', null],
    ['processing', 'processing', null],
    ['requires_action', 'processing', null],
    ['authorized', 'processing', null],
    ['failed', 'failed', 'card_declined'],
    ['canceled', 'failed', 'canceled'],
  ])('%s makes the try %s', async (status, expected, failureCode) => {
    const one = await startTry();
    await storePaymentEvent(db(), event(), news(one, status));
    expect(await paymentOf(one.paymentId)).toMatchObject({ status: expected, failureCode });
  });
});

describe('whose it is', () => {
  test('an event before our row knew the object’s id finds it by our id in the metadata', async () => {
    const id = await bookAppointment(db(), await makeParties(db()));
    const { id: paymentId } = await startProviderPayment(db(), id, 'stripe');
    await storePaymentEvent(db(), event(), news({ providerRef: 'pi_early' }, 'processing', { paymentId }));
    expect(await paymentOf(paymentId)).toMatchObject({ status: 'processing', providerRef: 'pi_early' });
    expect(await storePaymentEvent(db(), event(), news({ providerRef: 'pi_early' }, 'succeeded'))).toMatchObject({
      appointmentId: id,
    });
  });

  test.each<[string, PaymentNews | null]>([
    ['no payment of ours', news({ providerRef: 'pi_unknown' }, 'succeeded')],
    ['an id that is none', news({ providerRef: 'pi_unknown' }, 'succeeded', { paymentId: "'; drop table payment" })],
    ['an id that nobody has', news({ providerRef: 'pi_unknown' }, 'succeeded', { paymentId: randomUUID() })],
    ['no payment at all', null],
  ])('one that names %s stays in the inbox, unhandled', async (_, said) => {
    const told = event();
    expect(await storePaymentEvent(db(), told, said)).toBeNull();
    expect(await inboxOf(told.eventId)).toMatchObject({ paymentId: null, handledAt: null });
    expect(said === null ? null : await recordProviderAnswer(db(), said, 'stripe')).toBeNull();
  });
});

test('what might still be, or have been, paid is asked about; a wallet’s or a finished one is not', async () => {
  const one = await startTry();
  expect(await openProviderPayments(db(), one.id)).toMatchObject([{ id: one.paymentId }]);
  await storePaymentEvent(db(), event(), news(one, 'failed'));
  expect(await openProviderPayments(db(), one.id)).toMatchObject([{ id: one.paymentId, status: 'failed' }]);
  await db().updateTable('payment').set({ status: 'completed' }).where('id', '=', one.paymentId).execute();
  const { clientId } = await db()
    .selectFrom('payment')
    .where('id', '=', one.paymentId)
    .select('clientId')
    .executeTakeFirstOrThrow();
  await db()
    .insertInto('payment')
    .values({ appointmentId: one.id, clientId, method: 'wallet', status: 'failed', amountMinor: 1, currency: 'INR' })
    .execute();
  expect(await openProviderPayments(db(), one.id)).toEqual([]);
});

test('a canceled object is never met again: the next click starts another', async () => {
  const one = await startTry();
  await storePaymentEvent(db(), event(), news(one, 'failed'));
  expect((await startProviderPayment(db(), one.id, 'stripe')).id).toBe(one.paymentId);
  await storePaymentEvent(db(), event(), news(one, 'canceled'));
  expect((await startProviderPayment(db(), one.id, 'stripe')).id).not.toBe(one.paymentId);
});

describe('a top-up', () => {
  async function startedTopUp() {
    const client = await makePerson(db(), 'client');
    const { id: paymentId } = await db()
      .insertInto('payment')
      .values({ clientId: client.id, purpose: 'top_up', method: 'stripe', amountMinor: 6_000, currency: 'INR' })
      .returning('id')
      .executeTakeFirstOrThrow();
    const balance = async () => {
      const wallet = db().selectFrom('account').where('ownerId', '=', client.id).where('kind', '=', 'client_wallet');
      return (await wallet.select('balanceMinor').executeTakeFirst())?.balanceMinor ?? 0;
    };
    return { paymentId, providerRef: `pi_${randomUUID()}`, balance };
  }

  test('is credited in the transaction of its event, ten events at once or one after the other', async () => {
    const one = await startedTopUp();
    const told = () => storePaymentEvent(db(), event(), news(one, 'succeeded', { paymentId: one.paymentId }));
    expect(await Promise.all(Array.from({ length: 10 }, told))).toEqual(Array.from({ length: 10 }, () => null));
    expect(await one.balance()).toBe(6_000);
    expect(await paymentOf(one.paymentId)).toMatchObject({
      status: 'completed',
      providerRef: one.providerRef,
      chargeRef: `ch_${one.providerRef}`,
      capturedMinor: 6_000,
    });
    await db().updateTable('payment').set({ status: 'refunded' }).where('id', '=', one.paymentId).execute();
    await told();
    expect(await one.balance()).toBe(6_000);
    expect(await paymentOf(one.paymentId)).toMatchObject({ status: 'refunded' }); // a late repeat takes nothing back
  });

  test('paid twice by two charges is credited twice: the money is the client’s', async () => {
    const one = await startedTopUp();
    for (const chargeRef of ['pay_1', 'pay_2'])
      await storePaymentEvent(
        db(),
        event(),
        news(one, 'succeeded', { paymentId: one.paymentId, chargeRef: `${chargeRef}${one.paymentId}` }),
      );
    expect(await one.balance()).toBe(12_000);
  });
});

test('an object that is not the one of the row never speaks for its status, and its money counts', async () => {
  const one = await startTry();
  const other = { providerRef: `pi_${randomUUID()}` };
  await storePaymentEvent(db(), event(), news(other, 'canceled', { paymentId: one.paymentId }));
  expect(await paymentOf(one.paymentId)).toMatchObject({ status: 'pending', providerRef: one.providerRef });
  const signal = await storePaymentEvent(db(), event(), news(other, 'succeeded', { paymentId: one.paymentId }));
  expect(signal).toMatchObject({ appointmentId: one.id });
});

test('news from another provider than the row’s changes nothing', async () => {
  const one = await startTry();
  expect(await recordProviderAnswer(db(), news(one, 'succeeded'), 'razorpay')).toBeNull();
  expect(await messagesOf(one.id)).toEqual([]);
});
