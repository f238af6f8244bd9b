import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM } from '../domain/types.js';
import { bookAppointment, makeParties, passTime, type Parties } from '../tests/support/appointments.js';
import { paidByCard, tell, toppedUp } from '../tests/support/disputes.js';
import { makeClient } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { loadAppointment } from './appointment-record.js';
import { ATTENTION_KINDS, readAttention, type AttentionItem, type AttentionKind } from './attention.js';
import { commitAppointment } from './commit.js';
import { recordForeignRefund } from './foreign-refunds.js';
import { markDelivered, storeMessage } from './messages.js';
import { writeNotifications } from './notification-rows.js';
import { payByWallet } from './payment-requests.js';
import { requestRefund } from './refund-requests.js';

const db = useTestDatabase();
let parties: Parties;
let appointmentId: string;
beforeAll(async () => {
  parties = await makeParties(db());
  appointmentId = await bookAppointment(db(), parties);
});

async function itemsOf(kind: AttentionKind): Promise<AttentionItem[]> {
  return (await readAttention(db())).items.filter((item) => item.kind === kind);
}
const idsOf = async (kind: AttentionKind) => (await itemsOf(kind)).map(({ id }) => id);
const MINUTE = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE);

const paidInto = (id: string) => db().selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

describe('messages', () => {
  const message = (signal: boolean, receivedAt: Date) =>
    storeMessage(db(), {
      appointmentId,
      kind: 'activate',
      actor: { role: 'admin', id: null },
      receivedAt,
      signal,
    });

  test('delivered and not handled for a minute', async () => {
    const [fresh, stuck] = [await message(true, ago(2)), await message(true, ago(5))];
    await markDelivered(db(), [fresh, stuck]);
    await db()
      .updateTable('message')
      .set({ deliveredAt: ago(2) })
      .where('id', '=', stuck)
      .execute();
    const items = await itemsOf('message_unhandled');
    expect(items).toMatchObject([{ id: stuck, appointmentId, detail: { message: 'activate' } }]);
    expect(items[0]!.since.getTime()).toBeLessThan(Date.now() - MINUTE);
    expect(items[0]!.remedy).toMatch(/repair/);
    await db().updateTable('message').set({ handledAt: new Date() }).where('id', 'in', [fresh, stuck]).execute();
    expect(await idsOf('message_unhandled')).toEqual([]);
  });

  test('not delivered for a minute', async () => {
    const [fresh, stuck] = [await message(true, ago(0)), await message(true, ago(2))];
    expect(await idsOf('message_undelivered')).toEqual([stuck]);
    await markDelivered(db(), [fresh, stuck]);
    expect(await idsOf('message_undelivered')).toEqual([]);
  });
});

test('notifications that were given up', async () => {
  const { record, now } = (await loadAppointment(db(), appointmentId))!;
  await writeNotifications(db(), record, { kind: 'cancelled', to: ['client'], notBefore: now });
  expect(await idsOf('notification_failed')).toEqual([]);
  const { id } = await db()
    .updateTable('notification')
    .set({ status: 'failed', error: '21211 is no number', attempts: 1 })
    .where('kind', '=', 'cancelled')
    .where('channel', '=', 'sms')
    .returning('id')
    .executeTakeFirstOrThrow();
  const expected = { notification: 'cancelled', channel: 'sms', error: '21211 is no number' };
  expect(await itemsOf('notification_failed')).toMatchObject([{ id, appointmentId, detail: expected }]);
});

describe('a live appointment whose deadline passed a minute ago without a commit', () => {
  test('shows the earliest one, and no more once it is committed', async () => {
    const id = await bookAppointment(db(), parties, { inMs: 100 * MINUTE });
    await payByWallet(db(), id);
    await commitAppointment(db(), id);
    await passTime(db(), id, 84.5 * MINUTE); // T-15.5
    expect(await idsOf('deadline_passed')).not.toContain(id);
    await passTime(db(), id, 2 * MINUTE); // T-13.5: the reminder is a minute and a half late
    expect(await itemsOf('deadline_passed')).toMatchObject([
      { id, appointmentId: id, detail: { deadline: 'reminder_due', status: 'scheduled' } },
    ]);
    await commitAppointment(db(), id);
    expect(await idsOf('deadline_passed')).not.toContain(id);
    await passTime(db(), id, 25 * MINUTE); // beyond T-5 and the start + 10
    expect(await itemsOf('deadline_passed')).toMatchObject([{ id, detail: { deadline: 'opening_due' } }]);
    await commitAppointment(db(), id);
    expect(await idsOf('deadline_passed')).toEqual([]);
  });
});

test('one that nothing is due for any more shows once it should be over', async () => {
  const id = await bookAppointment(db(), parties, { inMs: 200 * MINUTE });
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
  const limbo = { activatedAt: new Date(), remindedAt: new Date(), openedAt: new Date() }; // opened, and not confirmed
  await db().updateTable('appointment').set(limbo).where('id', '=', id).execute();
  await passTime(db(), id, 260 * MINUTE);
  expect(await idsOf('deadline_passed')).not.toContain(id);
  await passTime(db(), id, 2 * MINUTE);
  expect(await itemsOf('deadline_passed')).toMatchObject([{ id, detail: { deadline: 'duration_over' } }]);
  await db().updateTable('appointment').set({ openedAt: null }).where('id', '=', id).execute();
  await commitAppointment(db(), id);
  expect(await idsOf('deadline_passed')).toEqual([]);
});

test('a room that the vendor went on refusing for a minute', async () => {
  const room = { mode: 'video', status: 'wanted', sid: null, nextAttemptAt: new Date() } as const;
  await db()
    .insertInto('room')
    .values({ ...room, appointmentId, attempts: 5 })
    .execute();
  expect(await idsOf('room_refused')).toEqual([]);
  await db().updateTable('room').set({ attempts: 6, error: 'Twilio answered 400, code 53100' }).execute();
  const expected = { room: 'wanted', mode: 'video', attempts: 6, error: 'Twilio answered 400, code 53100' };
  expect(await itemsOf('room_refused')).toMatchObject([{ id: appointmentId, appointmentId, detail: expected }]);
  await db().deleteFrom('room').execute();
});

describe('events of providers', () => {
  const event = async (type: string, changes: object = {}, receivedAt = ago(6)) => {
    const eventId = randomUUID();
    const provider = /^(payment\.|order\.)/.test(type) ? ('razorpay' as const) : ('stripe' as const);
    await db()
      .insertInto('providerEvent')
      .values({ provider, eventId, type, payload: '{}', receivedAt, handledAt: null, ...changes })
      .execute();
    return `${provider}:${eventId}`;
  };

  test('money that nobody knows, once a payment', async () => {
    const about = (id: string) => ({ payload: JSON.stringify({ payload: { payment: { entity: { id } } } }) });
    const unknown = await event('payment.captured', about('pay_1'));
    await event('order.paid', about('pay_1'), ago(5.5));
    await event('payment.captured', about('pay_2'), ago(1));
    await event('payment.captured', { ...about('pay_3'), handledAt: new Date() });
    const swept = await event('sweep.unknown_payment', { payload: JSON.stringify({ providerRef: 'pi_9' }) });
    const items = await itemsOf('money_unknown');
    expect(items).toMatchObject([
      { detail: { provider: 'razorpay', event: 'payment.captured', object: 'pay_1' } },
      { detail: { event: 'sweep.unknown_payment', object: 'pi_9' } },
    ]);
    expect(items.map(({ id }) => id)).toEqual([unknown, swept]);
  });

  test('what names a payment or a dispute and is not handled; never what is only kept', async () => {
    const dispute = await event('charge.dispute.created', {
      payload: JSON.stringify({ data: { object: { id: 'dp_1' } } }),
    });
    const failed = await event('payment.failed', {}, ago(7));
    await event('payment.dispute.won', {}, ago(1));
    await event('payment.dispute.won', { handledAt: new Date() });
    const { paymentId } = await paidByCard(db(), 'stripe');
    const refund = await event('refund.updated', { paymentId }, ago(8));
    await event('refund.updated'); // of somebody else's payment
    await event('payment.downtime.started');
    await event('charge.succeeded');
    await event('payment_intent.created');
    await event('participant-connected', { provider: 'twilio' });
    const items = await itemsOf('provider_event_unhandled');
    expect(items.map(({ id }) => id)).toEqual([refund, failed, dispute]);
    expect(items[2]).toMatchObject({ detail: { provider: 'stripe', event: 'charge.dispute.created', object: 'dp_1' } });
  });
});

describe('refunds', () => {
  test('that wait too long, and that were refused', async () => {
    const paymentId = await toppedUp(db(), (await makeClient(db(), 0)).id, 'stripe', 10_000);
    const ask = async (amountMinor: number) => {
      const payment = await paidInto(paymentId);
      const request = { payment, appointmentId: null, amountMinor, currency: 'INR', reason: 'asked', actor: SYSTEM };
      return db()
        .transaction()
        .execute((trx) => requestRefund(trx, request));
    };
    const set = (id: string, changes: object) => db().updateTable('refund').set(changes).where('id', '=', id).execute();
    const [fresh, waiting, slow, going, refused] = [
      await ask(1),
      await ask(2),
      await ask(3),
      await ask(4),
      await ask(5),
    ];
    await set(waiting, { createdAt: ago(11) });
    await set(slow, { status: 'processing', createdAt: ago(8 * 24 * 60) });
    await set(going, { status: 'processing', createdAt: ago(60) });
    await set(refused, { status: 'refused', failureCode: 'charge_disputed', completedAt: ago(1) });
    expect(await idsOf('refund_pending')).toEqual([slow, waiting]);
    expect(await itemsOf('refund_refused')).toMatchObject([
      { id: refused, appointmentId: null, detail: { amountMinor: 5, failureCode: 'charge_disputed', paymentId } },
    ]);
    expect(fresh).not.toBe(waiting);
  });

  test('that somebody made at the provider', async () => {
    const { id, paymentId } = await paidByCard(db(), 'stripe');
    const foreign = { provider: 'stripe' as const, providerRef: 're_1', paymentId, amountMinor: 10, currency: 'INR' };
    await recordForeignRefund(db(), foreign);
    expect(await itemsOf('refund_foreign')).toMatchObject([
      { id: 'stripe:re_1', appointmentId: id, detail: { paymentId } },
    ]);
  });
});

describe('disputes', () => {
  test('that are open, with the deadline for evidence, until they are decided', async () => {
    const { id, news } = await paidByCard(db(), 'razorpay', { settled: true });
    await tell(db(), { ...news, status: 'inquiry' });
    const [item] = await itemsOf('dispute_open');
    expect(item).toMatchObject({
      appointmentId: id,
      detail: { provider: 'razorpay', status: 'inquiry', amountMinor: 6_000, reason: 'fraudulent' },
    });
    expect(new Date(item!.detail['evidenceDueAt'] as string)).toEqual(news.evidenceDueAt);
    await tell(db(), news);
    expect(await itemsOf('dispute_open')).toMatchObject([
      { id: item!.id, detail: { status: 'open', countedMinor: 6_000 } },
    ]);
    await tell(db(), { ...news, status: 'won' });
    expect(await idsOf('dispute_open')).toEqual([]);
  });

  test('that claim more than their payment has', async () => {
    const { news } = await paidByCard(db(), 'stripe', { settled: true });
    await tell(db(), { ...news, amountMinor: 7_000 });
    expect(await itemsOf('dispute_uncovered')).toMatchObject([{ detail: { amountMinor: 7_000, countedMinor: 6_000 } }]);
    await tell(db(), { ...news, amountMinor: 7_000, status: 'won' });
    expect(await idsOf('dispute_uncovered')).toEqual([]);
  });
});

test('what a client owes, and a therapist who was paid too much', async () => {
  const client = await makeClient(db(), 0);
  await sql`insert into account (code, kind, owner_id, currency, balance_minor)
    values (${`client_receivable:${client.id}:INR`}, 'client_receivable', ${client.id}, 'INR', -1500),
      (${`therapist_payable:${client.id}:EUR`}, 'therapist_payable', ${client.id}, 'EUR', -7)`.execute(db());
  expect(await itemsOf('client_receivable')).toMatchObject([
    { id: `client_receivable:${client.id}:INR`, detail: { clientId: client.id, amountMinor: 1_500, currency: 'INR' } },
  ]);
  expect(await itemsOf('payable_negative')).toMatchObject([{ detail: { therapistId: client.id, amountMinor: -7 } }]);
});

test('of each kind at most a hundred are listed, and it says that there are more', async () => {
  const rows = Array.from({ length: 101 }, (_, n) => ({
    provider: 'stripe' as const,
    eventId: `many-${n}`,
    type: 'payment_intent.canceled',
    payload: '{}',
    receivedAt: ago(10),
  }));
  await db().insertInto('providerEvent').values(rows).execute();
  const { items, more } = await readAttention(db());
  expect(items.filter(({ kind }) => kind === 'provider_event_unhandled')).toHaveLength(100);
  expect(more).toEqual(['provider_event_unhandled']);
  expect(new Set(items.map(({ kind }) => kind)).size).toBeLessThanOrEqual(ATTENTION_KINDS.length);
});
