import { createRoute, z } from '@hono/zod-openapi';
import { recordProviderAnswer, storePaymentEvent, type ToSignal } from '../../db/provider-events.js';
import type { PaymentGateway } from '../../providers/types.js';
import { toNews } from '../checkout.js';
import { problemsOf } from '../problem-responses.js';
import { json, newRoutes } from '../routing.js';
import type { Services } from '../services.js';
import { assertStorable, storable, storableName } from './bodies.js';
import { receiveDispute } from './disputes.js';
import { receiveRefund } from './refunds.js';

export const receivedSchema = z.object({ received: z.literal(true) }).openapi('Received');

/** A webhook's route: the raw body is what is signed, so no validator may touch it. */
export const webhookRoute = <P extends string>(operationId: string, path: P, signature: string, mediaType: string) =>
  createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Webhooks'],
    summary: `Signed by the provider in ${signature}; stored before it is acknowledged`,
    request: { body: { content: { [mediaType]: { schema: { type: 'object' as const } } } } },
    responses: {
      200: json(receivedSchema, 'Stored; repeats change nothing.'),
      ...problemsOf(
        'signature_invalid',
        'event_unreadable',
        'body_too_large',
        'provider_unavailable',
        'database_unavailable',
        'overloaded',
      ),
    },
  });

const stripe = webhookRoute('receiveStripeEvent', '/webhooks/stripe', 'Stripe-Signature', 'application/json');
const razorpay = webhookRoute('receiveRazorpayEvent', '/webhooks/razorpay', 'X-Razorpay-Signature', 'application/json');

function tell({ messenger }: Services, toSignal: ToSignal | null): void {
  if (toSignal !== null) messenger.tell(toSignal.appointmentId, 'payment_settled', toSignal.messageId);
}

/** Verifies and stores one event; what it asks for (a signal, a capture) goes on behind the answer. */
async function receive(services: Services, gateway: PaymentGateway, rawBody: string, headers: Headers): Promise<void> {
  const { db, background } = services;
  const { provider, eventId, type, payment, refund, dispute, payload } = await gateway.parseWebhook(rawBody, headers);
  assertStorable(payment, refund, dispute);
  const event = { provider, eventId: storableName(eventId), type: storableName(type), payload: storable(payload) };
  if (refund !== null) return receiveRefund(services, gateway, event, refund);
  if (dispute !== null) return receiveDispute(services, gateway, event, dispute);
  tell(services, await storePaymentEvent(db, event, payment === null ? null : toNews(payment)));
  if (payment?.status !== 'authorized') return;
  // Not ours until captured. Where this fails, asking the provider before the window closes finds it.
  background.run('capture', async () => {
    const captured = await gateway.capturePayment(payment.providerRef);
    tell(services, await recordProviderAnswer(db, toNews(captured), provider));
  });
}

export const paymentWebhooks = (services: Services) =>
  newRoutes()
    .openapi(stripe, async (c) => {
      await receive(services, services.providers.stripe, await c.req.text(), c.req.raw.headers);
      return c.json({ received: true as const }, 200);
    })
    .openapi(razorpay, async (c) => {
      await receive(services, services.providers.razorpay, await c.req.text(), c.req.raw.headers);
      return c.json({ received: true as const }, 200);
    });
