/**
 * The fixed development credentials the sandbox accepts. Anything else gets the vendor's own 401. They open nothing
 * but this sandbox, so they are no secrets.
 */
export const stripeCredentials = {
  secretKey: 'sk_test_punctual',
  publishableKey: 'pk_test_punctual',
  webhookSecret: 'whsec_punctual_dev',
} as const;

export const razorpayCredentials = {
  keyId: 'rzp_test_punctual',
  keySecret: 'razorpay_dev_secret',
  webhookSecret: 'razorpay_dev_webhook',
} as const;

export const twilioCredentials = {
  accountSid: 'AC70756e637475616c0000000000000001',
  authToken: '70756e637475616c00000000746f6b65',
  apiKeySid: 'SK70756e637475616c0000000000000002',
  apiKeySecret: 'twilio_dev_api_key_secret_0000002',
  conversationsServiceSid: 'IS70756e637475616c0000000000000003',
  fromNumber: '+15005550006',
} as const;

/** What the OpenID provider issues tokens for and to. The issuer is the sandbox's url + `/oidc`. */
export const oidcCredentials = {
  audience: 'punctual',
  webClientId: 'punctual-web',
  cliClientId: 'punctual-cli',
  signInGrantType: 'urn:punctual:params:grant-type:sign-in',
} as const;
