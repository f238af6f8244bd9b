import { razorpayCredentials, stripeCredentials, twilioCredentials } from '../sandbox/credentials.js';
import type { Sandbox } from '../sandbox/server.js';

/** The environment that points the real SDKs at a sandbox. */
export function providerEnvironment({ url, smtpUrl }: Pick<Sandbox, 'url' | 'smtpUrl'>): Record<string, string> {
  return {
    STRIPE_API_URL: url,
    STRIPE_SECRET_KEY: stripeCredentials.secretKey,
    STRIPE_PUBLISHABLE_KEY: stripeCredentials.publishableKey,
    STRIPE_WEBHOOK_SECRET: stripeCredentials.webhookSecret,
    RAZORPAY_API_URL: `${url}/razorpay`,
    RAZORPAY_KEY_ID: razorpayCredentials.keyId,
    RAZORPAY_KEY_SECRET: razorpayCredentials.keySecret,
    RAZORPAY_WEBHOOK_SECRET: razorpayCredentials.webhookSecret,
    TWILIO_API_URL: `${url}/twilio`,
    TWILIO_ACCOUNT_SID: twilioCredentials.accountSid,
    TWILIO_AUTH_TOKEN: twilioCredentials.authToken,
    TWILIO_API_KEY_SID: twilioCredentials.apiKeySid,
    TWILIO_API_KEY_SECRET: twilioCredentials.apiKeySecret,
    TWILIO_CONVERSATIONS_SERVICE_SID: twilioCredentials.conversationsServiceSid,
    TWILIO_FROM_NUMBER: twilioCredentials.fromNumber,
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'Punctual <no-reply@punctual.test>',
    WEBHOOKS_ALLOW_LOCAL: 'true',
  };
}
