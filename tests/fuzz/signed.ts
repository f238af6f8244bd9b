import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import Stripe from 'stripe';
import twilio from 'twilio';
import { razorpayCredentials, stripeCredentials, twilioCredentials } from '../../sandbox/credentials.js';
import { hostile, hostileString, rawBody } from './hostile.js';
import type { Input, Pools } from './inputs.js';

/** Webhooks whose signature is right and whose contents are anything: what the parsers behind the signature bear. */

const STRIPE_TYPES = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'refund.created',
  'refund.updated',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.closed',
  'customer.created',
] as const;
const RAZORPAY_TYPES = [
  'payment.authorized',
  'payment.captured',
  'payment.failed',
  'order.paid',
  'refund.processed',
  'payment.dispute.created',
] as const;
const ROOM_EVENTS = ['participant-connected', 'participant-disconnected', 'room-ended', 'room-created', 'x'] as const;

const { webhooks } = new Stripe('sk_test_none');
const often = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<unknown> = hostile): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 5, arbitrary: good as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });
const oneOf = (values: readonly string[]) => (values.length === 0 ? fc.constant('none') : fc.constantFrom(...values));

const written = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: value.map((one) => JSON.stringify(one)) }, { weight: 1, arbitrary: rawBody });

function stripeObject(pools: Pools): fc.Arbitrary<unknown> {
  const ref = oneOf(pools['providerRef'] ?? []);
  const fields = {
    id: often(ref),
    object: often(fc.constantFrom('payment_intent', 'refund', 'dispute', 'charge')),
    status: often(fc.constantFrom('succeeded', 'failed', 'pending', 'lost', 'needs_response')),
    amount: often(fc.nat(10_000)),
    amount_received: often(fc.nat(10_000)),
    currency: often(fc.constantFrom('inr', 'usd', 'xxx')),
    payment_intent: often(ref),
    charge: often(fc.constant('ch_1')),
    metadata: often(fc.record({ paymentId: oneOf(pools['paymentId'] ?? []) })),
    balance_transactions: hostile,
    latest_charge: hostile,
  };
  return often(fc.record(fields, { requiredKeys: ['id'] }));
}

function stripe(pools: Pools): fc.Arbitrary<Input> {
  const event = fc.record({
    id: often(fc.uuid().map((id) => `evt_${id}`)),
    object: fc.constant('event'),
    type: often(fc.constantFrom(...STRIPE_TYPES)),
    created: often(fc.integer({ min: 0, max: 2 ** 31 })),
    data: often(fc.record({ object: stripeObject(pools) })),
  });
  return written(event).map((body) => {
    const signature = webhooks.generateTestHeaderString({ payload: body, secret: stripeCredentials.webhookSecret });
    return { path: '/webhooks/stripe', headers: [['stripe-signature', signature]], body };
  });
}

function razorpay(pools: Pools): fc.Arbitrary<Input> {
  const ref = oneOf(pools['providerRef'] ?? []);
  const entity = fc.record({
    id: often(fc.constant('pay_1')),
    order_id: often(ref),
    payment_id: often(fc.constant('pay_1')),
    amount: often(fc.nat(10_000)),
    currency: often(fc.constantFrom('INR', 'USD')),
    status: often(fc.constantFrom('captured', 'authorized', 'failed', 'processed')),
    captured: often(fc.boolean()),
    notes: often(fc.record({ paymentId: oneOf(pools['paymentId'] ?? []) })),
  });
  const holder = often(fc.record({ entity: often(entity) }));
  const event = fc.record({
    entity: fc.constant('event'),
    event: often(fc.constantFrom(...RAZORPAY_TYPES)),
    created_at: often(fc.nat()),
    payload: often(
      fc.record({ payment: holder, refund: holder, dispute: holder, order: holder }, { requiredKeys: ['payment'] }),
    ),
  });
  return fc.tuple(written(event), fc.oneof(fc.uuid(), fc.constant('ev_same'))).map(([body, id]) => {
    const signature = createHmac('sha256', razorpayCredentials.webhookSecret).update(body).digest('hex');
    const headers: Input['headers'] = [
      ['x-razorpay-signature', signature],
      ['x-razorpay-event-id', id],
      ['content-type', 'application/json'],
    ];
    return { path: '/webhooks/razorpay', headers, body };
  });
}

function twilioForm(url: string, path: string, pools: Pools): fc.Arbitrary<Input> {
  const text = (good: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: hostileString });
  const form = fc.record(
    {
      RoomSid: text(fc.constant('RM1')),
      RoomName: text(oneOf((pools['appointments.id'] ?? []).map((id) => `meeting-${id}`))),
      StatusCallbackEvent: text(fc.constantFrom(...ROOM_EVENTS)),
      Timestamp: text(fc.constant(new Date().toISOString())),
      ParticipantSid: text(fc.uuid()),
      ParticipantIdentity: text(fc.constantFrom('client-abc', 'therapist-abc')),
      MessageSid: text(fc.uuid()),
      MessageStatus: text(fc.constantFrom('sent', 'delivered', 'failed')),
      From: text(fc.constant('+15005550010')),
      To: text(fc.constant('+15005550006')),
      Body: text(fc.constantFrom('STOP', 'START', 'hello')),
      OptOutType: text(fc.constantFrom('STOP', 'START')),
      __proto__: hostileString,
    },
    { requiredKeys: [] },
  );
  return form.map((fields) => {
    // As it arrives: what URLSearchParams writes and reads back is what is signed.
    const body = new URLSearchParams(fields as Record<string, string>).toString();
    const read = Object.fromEntries(new URLSearchParams(body));
    const signature = twilio.getExpectedTwilioSignature(twilioCredentials.authToken, `${url}${path}`, read);
    const headers: Input['headers'] = [
      ['x-twilio-signature', signature],
      ['content-type', 'application/x-www-form-urlencoded'],
    ];
    return { path, headers, body };
  });
}

/** Signed requests to this webhook; null for every other route. */
export function signedInputs(path: string, url: string, pools: Pools): fc.Arbitrary<Input> | null {
  if (path === '/webhooks/stripe') return stripe(pools);
  if (path === '/webhooks/razorpay') return razorpay(pools);
  return path.startsWith('/webhooks/twilio/') ? twilioForm(url, path, pools) : null;
}
