import { createHmac } from 'node:crypto';
import { razorpayCredentials, stripeCredentials, twilioCredentials } from '../credentials.js';
import { unixNow } from '../ids.js';
import type { WebhookDelivery } from './delivery.js';

/** `t=<seconds>,v1=<hex>`, HMAC-SHA256 of `<seconds>.<body>` (https://docs.stripe.com/webhooks#verify-manually). */
function signStripe(body: string, atSeconds: number, secret: string): string {
  return `t=${atSeconds},v1=${createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex')}`;
}

/** HMAC-SHA256 of the raw body, hex (https://razorpay.com/docs/webhooks/validate-test/). */
export function signRazorpay(body: string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/**
 * HMAC-SHA1, base64, of the exact URL followed by the parameters' names and values in the order of their names
 * (https://www.twilio.com/docs/usage/security#validating-requests).
 */
function signTwilio(url: string, form: URLSearchParams, authToken: string): string {
  const parameters = [...form].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const text = parameters.reduce((joined, [name, value]) => joined + name + value, url);
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64');
}

/** The headers of one try. Stripe's signature carries the time of the try, not of the event. */
export function signedHeaders(delivery: WebhookDelivery, url: string): Record<string, string> {
  switch (delivery.provider) {
    case 'stripe':
      return {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': signStripe(delivery.body, unixNow(), stripeCredentials.webhookSecret),
      };
    case 'razorpay':
      return {
        'content-type': 'application/json',
        'user-agent': 'Razorpay-Webhook/v1',
        'x-razorpay-event-id': delivery.eventId,
        'x-razorpay-signature': signRazorpay(delivery.body, razorpayCredentials.webhookSecret),
      };
    case 'twilio':
      return {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        'user-agent': 'TwilioProxy/1.1',
        'i-twilio-idempotency-token': delivery.eventId,
        'x-twilio-signature': signTwilio(url, new URLSearchParams(delivery.body), twilioCredentials.authToken),
      };
  }
}
