import { z } from 'zod';

/** A vendor's credentials and, for the sandbox, where to find it. `apiUrl` null means the vendor's own address. */
export interface StripeConfig {
  secretKey: string;
  publishableKey: string;
  webhookSecret: string;
  /** Origin only: Stripe's SDK takes a host and a port, no path. */
  apiUrl: string | null;
}

export interface RazorpayConfig {
  keyId: string;
  keySecret: string;
  webhookSecret: string;
  apiUrl: string | null;
}

export interface TwilioConfig {
  accountSid: string;
  /** Verifies callbacks. Calls and tokens use the API key, which can be revoked on its own. */
  authToken: string;
  apiKeySid: string;
  apiKeySecret: string;
  conversationsServiceSid: string;
  /** E.164, or an alphanumeric sender id. */
  fromNumber: string;
  apiUrl: string | null;
}

export interface MailConfig {
  smtpUrl: string;
  from: string;
}

export interface ProviderConfig {
  stripe: StripeConfig;
  razorpay: RazorpayConfig;
  twilio: TwilioConfig;
  mail: MailConfig;
  /** Outgoing webhooks: `allowLocal` lets http and loopback through, for development. */
  webhooks: { allowLocal: boolean };
}

/** Thrown at start when the environment is not enough. Names variables, never their values. */
export class ProviderConfigError extends Error {
  override readonly name = 'ProviderConfigError';
}

const required = z.string({ error: 'is missing' }).trim().min(1, 'is missing');
const baseUrl = z
  .url({ protocol: /^https?$/, error: 'is no http address' })
  .transform((url) => url.replace(/\/+$/, ''))
  .optional();

const environment = z.object({
  STRIPE_SECRET_KEY: required,
  STRIPE_PUBLISHABLE_KEY: required,
  STRIPE_WEBHOOK_SECRET: required,
  STRIPE_API_URL: baseUrl.refine((url) => !url || new URL(url).pathname === '/', 'must have no path'),
  RAZORPAY_KEY_ID: required,
  RAZORPAY_KEY_SECRET: required,
  RAZORPAY_WEBHOOK_SECRET: required,
  RAZORPAY_API_URL: baseUrl,
  TWILIO_ACCOUNT_SID: required.refine((sid) => sid.startsWith('AC'), 'must start with AC'),
  TWILIO_AUTH_TOKEN: required,
  TWILIO_API_KEY_SID: required,
  TWILIO_API_KEY_SECRET: required,
  TWILIO_CONVERSATIONS_SERVICE_SID: required,
  TWILIO_FROM_NUMBER: required,
  TWILIO_API_URL: baseUrl,
  SMTP_URL: required.refine((url) => /^smtps?:\/\//.test(url), 'must start with smtp:// or smtps://'),
  MAIL_FROM: required,
  WEBHOOKS_ALLOW_LOCAL: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
});

/**
 * Reads what the adapters need from the environment; a blank variable counts as absent.
 * @throws ProviderConfigError naming every missing or malformed variable in one sentence.
 */
export function readProviderConfig(env: NodeJS.ProcessEnv = process.env): ProviderConfig {
  const known = Object.keys(environment.shape);
  const given = Object.fromEntries(known.map((name) => [name, env[name]?.trim() || undefined]));
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw new ProviderConfigError(describe(parsed.error.issues));
  return toConfig(parsed.data);
}

function describe(issues: readonly z.core.$ZodIssue[]): string {
  const complaints = new Map<string, string>();
  for (const issue of issues) {
    const name = String(issue.path[0]);
    if (!complaints.has(name)) complaints.set(name, `${name} ${issue.message}`);
  }
  return `The providers can't be reached as configured: ${[...complaints.values()].join(', ')}.`;
}

function toConfig(env: z.output<typeof environment>): ProviderConfig {
  return {
    stripe: {
      secretKey: env.STRIPE_SECRET_KEY,
      publishableKey: env.STRIPE_PUBLISHABLE_KEY,
      webhookSecret: env.STRIPE_WEBHOOK_SECRET,
      apiUrl: env.STRIPE_API_URL ?? null,
    },
    razorpay: {
      keyId: env.RAZORPAY_KEY_ID,
      keySecret: env.RAZORPAY_KEY_SECRET,
      webhookSecret: env.RAZORPAY_WEBHOOK_SECRET,
      apiUrl: env.RAZORPAY_API_URL ?? null,
    },
    twilio: {
      accountSid: env.TWILIO_ACCOUNT_SID,
      authToken: env.TWILIO_AUTH_TOKEN,
      apiKeySid: env.TWILIO_API_KEY_SID,
      apiKeySecret: env.TWILIO_API_KEY_SECRET,
      conversationsServiceSid: env.TWILIO_CONVERSATIONS_SERVICE_SID,
      fromNumber: env.TWILIO_FROM_NUMBER,
      apiUrl: env.TWILIO_API_URL ?? null,
    },
    mail: { smtpUrl: env.SMTP_URL, from: env.MAIL_FROM },
    webhooks: { allowLocal: env.WEBHOOKS_ALLOW_LOCAL === 'true' },
  };
}
