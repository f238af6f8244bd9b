import { razorpayCredentials, stripeCredentials, twilioCredentials } from '../sandbox/credentials.js';
import { type Sandbox, startSandbox } from '../sandbox/server.js';
import { readProviderConfig } from './config.js';
import { createProviders, type Providers } from './index.js';
import { type Inbox, startInbox } from './test-inbox.js';

export interface Bench {
  sandbox: Sandbox;
  providers: Providers;
  inbox: Inbox;
  close(): Promise<void>;
}

/** For tests only: the sandbox, the adapters configured for it by environment variables, and its webhooks' receiver. */
export async function startBench(): Promise<Bench> {
  const inbox = await startInbox();
  const destinations = { stripe: `${inbox.url}/webhooks/stripe`, razorpay: `${inbox.url}/webhooks/razorpay` };
  const sandbox = await startSandbox({ port: 0, destinations });
  const config = readProviderConfig({
    STRIPE_SECRET_KEY: stripeCredentials.secretKey,
    STRIPE_PUBLISHABLE_KEY: stripeCredentials.publishableKey,
    STRIPE_WEBHOOK_SECRET: stripeCredentials.webhookSecret,
    STRIPE_API_URL: sandbox.url,
    RAZORPAY_KEY_ID: razorpayCredentials.keyId,
    RAZORPAY_KEY_SECRET: razorpayCredentials.keySecret,
    RAZORPAY_WEBHOOK_SECRET: razorpayCredentials.webhookSecret,
    RAZORPAY_API_URL: `${sandbox.url}/razorpay`,
    TWILIO_ACCOUNT_SID: twilioCredentials.accountSid,
    TWILIO_AUTH_TOKEN: twilioCredentials.authToken,
    TWILIO_API_KEY_SID: twilioCredentials.apiKeySid,
    TWILIO_API_KEY_SECRET: twilioCredentials.apiKeySecret,
    TWILIO_CONVERSATIONS_SERVICE_SID: twilioCredentials.conversationsServiceSid,
    TWILIO_FROM_NUMBER: twilioCredentials.fromNumber,
    TWILIO_API_URL: `${sandbox.url}/twilio`,
    SMTP_URL: sandbox.smtpUrl,
    MAIL_FROM: 'Punctual <no-reply@example.com>',
  });
  return {
    sandbox,
    inbox,
    providers: createProviders(config),
    close: async () => {
      await sandbox.close();
      await inbox.close();
    },
  };
}
