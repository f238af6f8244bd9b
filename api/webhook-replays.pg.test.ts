import { createHmac, randomUUID } from 'node:crypto';
import twilio from 'twilio';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setProviderRef, startProviderPayment } from '../db/payment-requests.js';
import { recordRoom } from '../db/rooms.js';
import { razorpayCredentials, twilioCredentials } from '../sandbox/credentials.js';
import { makeParties } from '../tests/support/appointments.js';
import { booked, open } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** Razorpay and Twilio sign no time, and Razorpay not the event's id: what was recorded verifies for ever. */

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const DAY_S = 86_400;

test('Razorpay: a captured payment that comes again, months old or under another id, counts once', async () => {
  const own = { db: world.db, parties: await makeParties(world.db) };
  const id = await booked(own);
  const payment = await startProviderPayment(world.db, id, 'razorpay');
  const orderId = `order_${payment.id.replaceAll('-', '')}`;
  await setProviderRef(world.db, payment.id, orderId);
  const entity = {
    id: 'pay_1',
    entity: 'payment',
    order_id: orderId,
    amount: 6_000,
    currency: 'INR',
    status: 'captured',
    captured: true,
    notes: { paymentId: payment.id },
  };
  const raw = JSON.stringify({
    entity: 'event',
    event: 'payment.captured',
    created_at: Math.floor(Date.now() / 1000) - 90 * DAY_S,
    payload: { payment: { entity } },
  });
  const sign = (body: string, secret: string = razorpayCredentials.webhookSecret) =>
    createHmac('sha256', secret).update(body).digest('hex');
  const send = (eventId: string, body: string, signature: string) =>
    world.send(null, '/webhooks/razorpay', {
      method: 'POST',
      raw: body,
      headers: {
        'x-razorpay-signature': signature,
        'x-razorpay-event-id': eventId,
        'content-type': 'application/json',
      },
    });
  const settled = () =>
    world.db
      .selectFrom('message')
      .where('appointmentId', '=', id)
      .where('kind', '=', 'payment_settled')
      .selectAll()
      .execute();

  const larger = raw.replace('"amount":6000', '"amount":9000');
  for (const [body, signature] of [
    [raw, ''],
    [raw, sign(raw, 'another secret')],
    [larger, sign(raw)],
    [raw, sign(raw).slice(0, -2)],
  ] as const) {
    expect(await send(randomUUID(), body, signature)).toMatchObject({
      status: 400,
      body: { code: 'signature_invalid' },
    });
  }
  expect(await settled()).toEqual([]);
  for (let n = 0; n < 5; n += 1) expect((await send(randomUUID(), raw, sign(raw))).status).toBe(200);
  expect(await settled()).toHaveLength(1);
});

test('Twilio: a recorded callback that comes again, and one for another address, change nothing', async () => {
  const own = { db: world.db, parties: await makeParties(world.db) };
  const id = await open(own);
  await recordRoom(world.db, id, 'video', 'RM1');
  const path = '/webhooks/twilio/video';
  const form = (event: string, timestamp: string) => ({
    RoomSid: 'RM1',
    RoomName: `meeting-${id}`,
    ParticipantSid: 'PA1',
    ParticipantIdentity: 'client-abc',
    StatusCallbackEvent: event,
    Timestamp: timestamp,
  });
  const signed = (fields: Record<string, string>, url = `${world.url}${path}`) =>
    twilio.getExpectedTwilioSignature(twilioCredentials.authToken, url, fields);
  const send = (fields: Record<string, string>, signature: string) =>
    world.send(null, path, {
      method: 'POST',
      raw: new URLSearchParams(fields).toString(),
      headers: { 'x-twilio-signature': signature, 'content-type': 'application/x-www-form-urlencoded' },
    });
  const connections = () =>
    world.db
      .selectFrom('roomConnection')
      .where('appointmentId', '=', id)
      .select(['participantSid', 'connectedAt', 'disconnectedAt'])
      .execute();

  const came = form('participant-connected', new Date(Date.now() - 60_000).toISOString());
  const left = form('participant-disconnected', new Date(Date.now() - 30_000).toISOString());
  for (const [fields, signature] of [
    [came, ''],
    [{ ...came, ParticipantIdentity: 'therapist-abc' }, signed(came)],
    [came, signed(came, `${world.url}/webhooks/twilio/messages`)],
    [came, signed(came, `https://elsewhere.example${path}`)],
  ] as const) {
    expect(await send(fields, signature)).toMatchObject({ status: 400, body: { code: 'signature_invalid' } });
  }
  expect(await connections()).toEqual([]);
  expect((await send(came, signed(came))).status).toBe(200);
  expect((await send(left, signed(left))).status).toBe(200);
  const before = await connections();
  expect(before).toMatchObject([{ participantSid: 'PA1', disconnectedAt: new Date(left.Timestamp) }]);
  for (let n = 0; n < 3; n += 1) expect((await send(came, signed(came))).status).toBe(200);
  expect(await connections()).toEqual(before);
});
