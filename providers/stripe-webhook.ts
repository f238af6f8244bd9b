import Stripe from 'stripe';
import { z } from 'zod';
import { maybeStripeRefund } from './refund-notices.js';
import { maybeStripeDispute } from './stripe-dispute.js';
import { type IntentFields, toPayment } from './stripe-payment.js';
import { ProviderError, type ProviderPaymentEvent } from './types.js';

const event = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  created: z.number(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});

const intent = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  amount_received: z.int().default(0),
  currency: z.string().length(3),
  metadata: z.record(z.string(), z.string()).nullish(),
  latest_charge: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
  last_payment_error: z.looseObject({ code: z.string().optional(), decline_code: z.string().optional() }).nullish(),
});

/**
 * Verifies `Stripe-Signature` over the raw text (HMAC-SHA256, 300 s of tolerance, several v1 for rotation) and
 * parses. Events about anything but a PaymentIntent, a refund or a dispute carry null for all and keep their payload.
 * https://docs.stripe.com/webhooks/signature
 * @throws ProviderError `signature_invalid` or `body_unreadable`
 */
export async function parseStripeWebhook(
  webhooks: Stripe['webhooks'],
  rawBody: string,
  headers: Headers,
  secret: string,
): Promise<ProviderPaymentEvent> {
  const payload = await verify(webhooks, rawBody, headers.get('stripe-signature') ?? '', secret);
  const parsed = event.safeParse(payload);
  if (!parsed.success) throw unreadable();
  const { id, type, created, data } = parsed.data;
  return {
    provider: 'stripe',
    eventId: id,
    type,
    payment: type.startsWith('payment_intent.') ? reduce(data.object) : null,
    refund: maybeStripeRefund(type, data.object),
    dispute: type.startsWith('charge.dispute.') ? maybeStripeDispute(data.object) : null,
    occurredAt: new Date(created * 1000),
    payload,
  };
}

async function verify(webhooks: Stripe['webhooks'], rawBody: string, signature: string, secret: string) {
  try {
    return (await webhooks.constructEventAsync(rawBody, signature, secret)) as unknown;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) {
      throw new ProviderError('stripe', 'signature_invalid', 'The webhook is not signed by Stripe', false);
    }
    throw unreadable();
  }
}

function reduce(object: Record<string, unknown>) {
  const parsed = intent.safeParse(object);
  if (!parsed.success) throw unreadable();
  return toPayment(parsed.data as IntentFields);
}

function unreadable(): ProviderError {
  return new ProviderError('stripe', 'body_unreadable', 'The webhook is signed but no event that we can read', false);
}
