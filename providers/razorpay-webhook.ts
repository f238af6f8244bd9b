import { createHash } from 'node:crypto';
import { z } from 'zod';
import { maybeRazorpayDispute } from './razorpay-dispute.js';
import { maybeOrder, maybePayment, toPayment } from './razorpay-payment.js';
import { maybeRazorpayRefund } from './refund-notices.js';
import { hmacSha256Hex, isSameText } from './signatures.js';
import { ProviderError, type ProviderPayment, type ProviderPaymentEvent } from './types.js';

const entity = z.looseObject({ entity: z.unknown() }).optional();
const event = z.looseObject({
  event: z.string().min(1),
  created_at: z.number().optional(), // refund.speed_changed has none
  payload: z.looseObject({ payment: entity, order: entity, refund: entity, dispute: entity }),
});

/** Events that tell how an order's payment stands; refunds, disputes and downtimes carry a payment without doing so. */
const PAYMENT_EVENTS: ReadonlySet<string> = new Set([
  'payment.authorized',
  'payment.captured',
  'payment.failed',
  'order.paid',
]);

/**
 * Verifies `X-Razorpay-Signature` (HMAC-SHA256 of the raw body, no timestamp, so the event id is the only defence
 * against replay) and parses. https://razorpay.com/docs/webhooks/validate-test/
 * @throws ProviderError `signature_invalid` or `body_unreadable`
 */
export function parseRazorpayWebhook(rawBody: string, headers: Headers, secret: string): ProviderPaymentEvent {
  const signature = headers.get('x-razorpay-signature') ?? '';
  if (!isSameText(signature, hmacSha256Hex(secret, rawBody))) {
    throw new ProviderError('razorpay', 'signature_invalid', 'The webhook is not signed by Razorpay', false);
  }
  const payload = parseJson(rawBody);
  const parsed = event.safeParse(payload);
  if (!parsed.success) throw unreadable();
  const body = parsed.data;
  return {
    provider: 'razorpay',
    eventId: headers.get('x-razorpay-event-id') || bodyId(rawBody),
    type: body.event,
    payment: PAYMENT_EVENTS.has(body.event) ? reduce(body.payload) : null,
    refund: maybeRazorpayRefund(body.event, body.payload.refund?.entity, body.payload.payment?.entity),
    dispute: maybeRazorpayDispute(body.payload.dispute?.entity, body.payload.payment?.entity),
    occurredAt: body.created_at === undefined ? new Date() : new Date(body.created_at * 1000),
    payload,
  };
}

/** A payment without an order is none of ours: we only ever sell through orders. */
function reduce(payload: z.output<typeof event>['payload']): ProviderPayment | null {
  const payment = maybePayment(payload.payment?.entity);
  const order = maybeOrder(payload.order?.entity);
  const orderId = order?.id ?? payment?.order_id;
  if (!payment || !orderId) return null;
  const stand = order ?? { id: orderId, amount: payment.amount, currency: payment.currency, status: 'attempted' };
  return toPayment(stand, [payment]);
}

/** Same body, same id: a repeat of an event that came without its id is still seen as one. */
function bodyId(rawBody: string): string {
  return `sha256:${createHash('sha256').update(rawBody, 'utf8').digest('hex')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable();
  }
}

function unreadable(): ProviderError {
  return new ProviderError('razorpay', 'body_unreadable', 'The webhook is signed but no event that we can read', false);
}
