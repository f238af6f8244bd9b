import { createHmac, randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { recordRoom } from '../db/rooms.js';
import { setProviderRef, startProviderPayment } from '../db/payment-requests.js';
import { razorpayCredentials, stripeCredentials, twilioCredentials } from '../sandbox/credentials.js';
import { makeParties } from '../tests/support/appointments.js';
import { booked, open } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
});

const receive = (path: string, raw: string, headers: Record<string, string>) =>
  world.send(null, path, { method: 'POST', raw, headers });
const events = (eventId: string) =>
  world.db.selectFrom('providerEvent').where('eventId', '=', eventId).selectAll().execute();
const settled = (id: string) =>
  world.db
    .selectFrom('message')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'payment_settled')
    .selectAll()
    .execute();

async function openTry(method: 'stripe' | 'razorpay') {
  const id = await booked(own);
  const payment = await startProviderPayment(world.db, id, method);
  const providerRef = `${method === 'stripe' ? 'pi' : 'order'}_${payment.id.replaceAll('-', '')}`;
  await setProviderRef(world.db, payment.id, providerRef);
  return { id, paymentId: payment.id, providerRef };
}

describe('Stripe', () => {
  const { webhooks } = new Stripe('sk_test_none');
  const sign = (
    raw: string,
    secret: string = stripeCredentials.webhookSecret,
    timestamp = Math.floor(Date.now() / 1000),
  ) => webhooks.generateTestHeaderString({ payload: raw, secret, timestamp });
  const eventOf = (eventId: string, type: string, intent: object) =>
    JSON.stringify({
      id: eventId,
      object: 'event',
      type,
      created: Math.floor(Date.now() / 1000),
      data: { object: intent },
    });
  const intentOf = ({ providerRef, paymentId }: { providerRef: string; paymentId: string }, changes: object = {}) => {
    return {
      id: providerRef,
      object: 'payment_intent',
      status: 'succeeded',
      amount: 6_000,
      amount_received: 6_000,
      currency: 'inr',
      metadata: { paymentId },
      latest_charge: `ch_${paymentId}`,
      ...changes,
    };
  };

  test('an event is stored before it is acknowledged; repeats, also fifty at once, change nothing', async () => {
    const made = await openTry('stripe');
    const eventId = `evt_${randomUUID()}`;
    const raw = eventOf(eventId, 'payment_intent.succeeded', intentOf(made));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => receive('/webhooks/stripe', raw, { 'stripe-signature': sign(raw) })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers[0]!.body).toEqual({ received: true });
    expect(await events(eventId)).toMatchObject([
      { provider: 'stripe', type: 'payment_intent.succeeded', paymentId: made.paymentId },
    ]);
    expect(await settled(made.id)).toMatchObject([
      { actorRole: 'provider', payload: { paymentId: made.paymentId, amountMinor: 6_000, currency: 'INR' } },
    ]);
  });

  test('several events of one charge are one message, in any order', async () => {
    const made = await openTry('stripe');
    for (const [type, changes] of [
      ['payment_intent.succeeded', {}],
      ['payment_intent.processing', { status: 'processing', amount_received: 0 }],
      ['payment_intent.succeeded', {}],
    ] as const) {
      const raw = eventOf(`evt_${randomUUID()}`, type, intentOf(made, changes));
      expect((await receive('/webhooks/stripe', raw, { 'stripe-signature': sign(raw) })).status).toBe(200);
    }
    expect(await settled(made.id)).toHaveLength(1);
  });

  test('what is not signed, signed otherwise, changed or old is 400 and stored nowhere', async () => {
    const made = await openTry('stripe');
    const eventId = `evt_${randomUUID()}`;
    const raw = eventOf(eventId, 'payment_intent.succeeded', intentOf(made));
    const old = Math.floor(Date.now() / 1000) - 400;
    const headers = [
      '',
      'nonsense',
      sign(raw, 'whsec_other'),
      sign(`${raw} `),
      sign(raw, stripeCredentials.webhookSecret, old),
    ];
    for (const signature of headers) {
      const answer = await receive('/webhooks/stripe', raw, { 'stripe-signature': signature });
      expect(answer, signature).toMatchObject({ status: 400, body: { code: 'signature_invalid' } });
    }
    expect(await receive('/webhooks/stripe', raw, {})).toMatchObject({
      status: 400,
      body: { code: 'signature_invalid' },
    });
    expect(await events(eventId)).toEqual([]);
    expect(await settled(made.id)).toEqual([]);
  });

  test('what is signed and no event is 400; an event about nothing of ours, with anything in it, is kept', async () => {
    for (const raw of ['', '{', '[]', 'null', '{"id":1}']) {
      const answer = await receive('/webhooks/stripe', raw, { 'stripe-signature': sign(raw) });
      expect(answer, raw).toMatchObject({ status: 400 });
    }
    const eventId = `evt_${randomUUID()}`;
    const raw = JSON.stringify({
      id: eventId,
      type: 'charge.refunded',
      created: 1,
      data: { object: { note: 'a\u0000b\ud800' } },
    });
    expect((await receive('/webhooks/stripe', raw, { 'stripe-signature': sign(raw) })).status).toBe(200);
    expect(await events(eventId)).toMatchObject([{ paymentId: null, handledAt: null }]);
  });
});

describe('Razorpay', () => {
  const sign = (raw: string) => createHmac('sha256', razorpayCredentials.webhookSecret).update(raw).digest('hex');
  const send = (eventId: string, raw: string, signature = sign(raw)) =>
    receive('/webhooks/razorpay', raw, {
      'x-razorpay-signature': signature,
      'x-razorpay-event-id': eventId,
      'content-type': 'application/json',
    });

  test('is known by its event id: a captured payment counts once', async () => {
    const made = await openTry('razorpay');
    const entity = {
      id: 'pay_1',
      entity: 'payment',
      order_id: made.providerRef,
      amount: 6_000,
      currency: 'INR',
      status: 'captured',
      captured: true,
      notes: { paymentId: made.paymentId },
    };
    const raw = JSON.stringify({
      entity: 'event',
      event: 'payment.captured',
      created_at: Math.floor(Date.now() / 1000),
      payload: { payment: { entity } },
    });
    const eventId = `ev_${randomUUID()}`;
    expect((await send(eventId, raw)).status).toBe(200);
    expect((await send(eventId, raw)).status).toBe(200);
    expect(await events(eventId)).toHaveLength(1);
    expect(await settled(made.id)).toHaveLength(1);
    expect(await send(`ev_${randomUUID()}`, raw, 'f'.repeat(64))).toMatchObject({
      status: 400,
      body: { code: 'signature_invalid' },
    });
    expect(await send(`ev_${randomUUID()}`, `${raw}\n`, sign(raw))).toMatchObject({ status: 400 });
  });
});

describe('Twilio', () => {
  const path = '/webhooks/twilio/video';
  const send = (form: Record<string, string>, address = path, signature?: string) => {
    const signed =
      signature ?? twilio.getExpectedTwilioSignature(twilioCredentials.authToken, `${world.url}${address}`, form);
    return receive(address, new URLSearchParams(form).toString(), {
      'x-twilio-signature': signed,
      'content-type': 'application/x-www-form-urlencoded',
    });
  };
  const connections = (id: string) =>
    world.db.selectFrom('roomConnection').where('appointmentId', '=', id).selectAll().execute();

  test('room events become attendance, in any order and once each; the query belongs to what is signed', async () => {
    const id = await open(own);
    await recordRoom(world.db, id, 'video', 'RM1');
    const room = { RoomSid: 'RM1', RoomName: `meeting-${id}` };
    const at = new Date(Date.now() - 60_000).toISOString();
    const person = { ParticipantSid: 'PA1', ParticipantIdentity: 'client-abc' };
    const disconnected = {
      ...room,
      ...person,
      StatusCallbackEvent: 'participant-disconnected',
      Timestamp: new Date().toISOString(),
    };
    const connected = { ...room, ...person, StatusCallbackEvent: 'participant-connected', Timestamp: at };
    expect((await send(disconnected)).status).toBe(200);
    expect((await send(connected, `${path}?attempt=1`)).status).toBe(200);
    expect((await send(connected)).status).toBe(200);
    const [one, ...more] = await connections(id);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ participant: 'client', identity: 'client-abc', connectedAt: new Date(at) });
    expect(one!.disconnectedAt).not.toBeNull();
    const row = await world.db
      .selectFrom('appointment')
      .where('id', '=', id)
      .select(['clientCameAt', 'therapistCameAt'])
      .executeTakeFirst();
    expect(row).toEqual({ clientCameAt: new Date(at), therapistCameAt: null });
    expect((await send({ ...room, StatusCallbackEvent: 'room-ended', Timestamp: at })).status).toBe(200);
    expect(await world.db.selectFrom('room').where('appointmentId', '=', id).select('status').execute()).toEqual([
      { status: 'closed' },
    ]);
  });

  test('events of rooms and people that aren’t ours are kept and change nothing', async () => {
    const base = { RoomSid: 'RM9', Timestamp: new Date().toISOString(), ParticipantSid: `PA${randomUUID()}` };
    const id = await open(own);
    expect(
      (
        await send({
          ...base,
          RoomName: 'somebody-else',
          ParticipantIdentity: 'client-1',
          StatusCallbackEvent: 'participant-connected',
        })
      ).status,
    ).toBe(200);
    expect(
      (
        await send({
          ...base,
          RoomName: `meeting-${id}`,
          ParticipantIdentity: 'stranger',
          StatusCallbackEvent: 'participant-connected',
        })
      ).status,
    ).toBe(200);
    expect((await send({ ...base, RoomName: `meeting-${id}`, StatusCallbackEvent: 'track-added' })).status).toBe(200);
    expect(await connections(id)).toEqual([]);
  });

  test('an unsigned or unreadable one is 400; a message’s status is stored', async () => {
    const form = { StatusCallbackEvent: 'participant-connected' };
    expect(await send(form, path, 'bm9wZQ==')).toMatchObject({ status: 400, body: { code: 'signature_invalid' } });
    expect(await send(form)).toMatchObject({ status: 400, body: { code: 'event_unreadable' } });
    const sms = { MessageSid: `SM${randomUUID()}`, MessageStatus: 'delivered', To: '+15005550010' };
    expect((await send({ ...sms, MessageStatus: 'deliv\u0000ered' }, '/webhooks/twilio/messages')).status).toBe(200);
    const stored = () =>
      world.db.selectFrom('providerEvent').where('type', '=', 'message-delivered').selectAll().execute();
    expect(await send(sms, '/webhooks/twilio/messages', 'bm9wZQ==')).toMatchObject({
      status: 400,
      body: { code: 'signature_invalid' },
    });
    expect(await stored()).toEqual([]);
    expect((await send(sms, '/webhooks/twilio/messages')).status).toBe(200);
    expect((await send(sms, '/webhooks/twilio/messages')).status).toBe(200);
    // The number is nobody's business in an inbox.
    expect(await stored()).toMatchObject([{ provider: 'twilio', payload: { ...sms, To: '' } }]);
  });
});
