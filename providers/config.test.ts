import { expect, test } from 'vitest';
import { ProviderConfigError, readProviderConfig } from './config.js';

const complete = {
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
  RAZORPAY_KEY_ID: 'rzp_1',
  RAZORPAY_KEY_SECRET: 'secret',
  RAZORPAY_WEBHOOK_SECRET: 'hook',
  TWILIO_ACCOUNT_SID: 'AC1',
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_API_KEY_SID: 'SK1',
  TWILIO_API_KEY_SECRET: 'key-secret',
  TWILIO_CONVERSATIONS_SERVICE_SID: 'IS1',
  TWILIO_FROM_NUMBER: '+15005550006',
  SMTP_URL: 'smtp://127.0.0.1:25',
  MAIL_FROM: 'a@example.com',
};

function complaint(env: Record<string, string | undefined>): string {
  try {
    readProviderConfig(env);
  } catch (error) {
    if (error instanceof ProviderConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('without addresses the vendors are meant', () => {
  const config = readProviderConfig(complete);
  expect(config.stripe).toEqual({
    secretKey: 'sk_test_1',
    publishableKey: 'pk_test_1',
    webhookSecret: 'whsec_1',
    apiUrl: null,
  });
  expect(config.razorpay.apiUrl).toBeNull();
  expect(config.twilio.apiUrl).toBeNull();
});

test('addresses lose their trailing slash', () => {
  const config = readProviderConfig({ ...complete, TWILIO_API_URL: 'http://127.0.0.1:4010/twilio/' });
  expect(config.twilio.apiUrl).toBe('http://127.0.0.1:4010/twilio');
});

test('every missing variable is named once, in one sentence; blank is missing', () => {
  const message = complaint({
    ...complete,
    STRIPE_SECRET_KEY: undefined,
    MAIL_FROM: '  ',
    TWILIO_ACCOUNT_SID: undefined,
  });
  expect(message).toBe(
    "The providers can't be reached as configured: STRIPE_SECRET_KEY is missing, TWILIO_ACCOUNT_SID is missing, MAIL_FROM is missing.",
  );
});

test.each([
  ['STRIPE_API_URL', 'http://127.0.0.1:4010/stripe', 'STRIPE_API_URL must have no path'],
  ['RAZORPAY_API_URL', 'not an address', 'RAZORPAY_API_URL is no http address'],
  ['TWILIO_API_URL', 'ftp://127.0.0.1', 'TWILIO_API_URL is no http address'],
  ['TWILIO_ACCOUNT_SID', 'SK1', 'TWILIO_ACCOUNT_SID must start with AC'],
  ['SMTP_URL', 'http://127.0.0.1', 'SMTP_URL must start with smtp:// or smtps://'],
])('a malformed %s is named without its value', (name, value, said) => {
  const message = complaint({ ...complete, [name]: value });
  expect(message).toContain(said);
  expect(message).not.toContain(value);
});
