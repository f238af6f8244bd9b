import { invalidRequest } from './errors.js';

export type Fields = Record<string, unknown>;

const INTENT_UPDATE = [
  'amount',
  'application_fee_amount',
  'capture_method',
  'currency',
  'customer',
  'description',
  'expand',
  'metadata',
  'payment_method',
  'payment_method_data',
  'payment_method_options',
  'payment_method_types',
  'receipt_email',
  'setup_future_usage',
  'shipping',
  'statement_descriptor',
  'statement_descriptor_suffix',
  'transfer_data',
  'transfer_group',
  'payment_method_configuration',
];
const PAGING = ['limit', 'starting_after', 'ending_before', 'expand'];

/** The parameters each operation takes; anything else is `parameter_unknown`. */
export const ALLOWED = {
  intentCreate: [
    ...INTENT_UPDATE,
    'automatic_payment_methods',
    'confirm',
    'confirmation_method',
    'confirmation_token',
    'error_on_requires_action',
    'mandate',
    'mandate_data',
    'off_session',
    'on_behalf_of',
    'radar_options',
    'return_url',
    'use_stripe_sdk',
    'customer_account',
    'excluded_payment_method_types',
  ],
  intentUpdate: INTENT_UPDATE,
  intentConfirm: [
    'capture_method',
    'client_secret',
    'confirmation_token',
    'error_on_requires_action',
    'expand',
    'mandate',
    'mandate_data',
    'off_session',
    'payment_method',
    'payment_method_data',
    'payment_method_options',
    'payment_method_types',
    'radar_options',
    'receipt_email',
    'return_url',
    'setup_future_usage',
    'shipping',
    'use_stripe_sdk',
    'key',
  ],
  intentCancel: ['cancellation_reason', 'expand'],
  intentCapture: ['amount_to_capture', 'final_capture', 'metadata', 'statement_descriptor', 'expand'],
  intentList: [...PAGING, 'created', 'customer'],
  search: ['query', 'limit', 'page', 'expand'],
  chargeList: [...PAGING, 'created', 'customer', 'payment_intent', 'transfer_group'],
  refundCreate: [
    'amount',
    'charge',
    'currency',
    'customer',
    'expand',
    'instructions_email',
    'metadata',
    'origin',
    'payment_intent',
    'reason',
    'refund_application_fee',
    'reverse_transfer',
  ],
  refundUpdate: ['metadata', 'expand'],
  refundList: [...PAGING, 'charge', 'created', 'payment_intent'],
  transferCreate: [
    'amount',
    'currency',
    'description',
    'destination',
    'expand',
    'metadata',
    'source_transaction',
    'source_type',
    'transfer_group',
  ],
  transferList: [...PAGING, 'created', 'destination', 'transfer_group'],
  disputeList: [...PAGING, 'charge', 'created', 'payment_intent'],
  eventList: [...PAGING, 'created', 'delivery_success', 'type', 'types'],
  customer: [
    'address',
    'balance',
    'cash_balance',
    'description',
    'email',
    'expand',
    'invoice_prefix',
    'invoice_settings',
    'metadata',
    'name',
    'payment_method',
    'phone',
    'preferred_locales',
    'shipping',
    'source',
    'tax',
    'tax_exempt',
    'tax_id_data',
    'test_clock',
  ],
  retrieve: ['expand', 'client_secret', 'key'],
} satisfies Record<string, string[]>;

/** @throws StripeFailure `parameter_unknown`, as Stripe does for every name it doesn't know. */
export function checkNames(fields: Fields, operation: keyof typeof ALLOWED): void {
  const unknown = Object.keys(fields).filter((name) => !(ALLOWED[operation] as string[]).includes(name));
  const [first] = unknown;
  if (first === undefined) return;
  const list = unknown.join(', ');
  throw invalidRequest(
    'parameter_unknown',
    `Received unknown parameter${unknown.length > 1 ? 's' : ''}: ${list}`,
    first,
  );
}

/** Text of a field; null when it is absent or empty. */
export function text(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** @throws StripeFailure when the field is there and no whole number >= `min`. */
export function integer(fields: Fields, name: string, min: number): number | null {
  const value = fields[name];
  if (value === undefined) return null;
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) {
    throw invalidRequest('parameter_invalid_integer', `Invalid integer: ${JSON.stringify(value)}`, name);
  }
  const number = Number(value);
  if (number < min) {
    throw invalidRequest('parameter_invalid_integer', `This value must be greater than or equal to ${min}.`, name);
  }
  return number;
}

/** Metadata as sent; an empty value removes the key when it is merged. */
export function metadata(fields: Fields): Record<string, string> {
  const value = fields['metadata'];
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, String(inner)]));
}

export function mergeMetadata(old: Record<string, string>, changes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ''));
}

const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
/** Minimum charge in minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). */
const MINIMUM: Record<string, number> = { usd: 50, eur: 50, gbp: 30, inr: 50, jpy: 50, cad: 50, aud: 50, chf: 50 };

/** @throws StripeFailure for what Stripe refuses about an amount and its currency. */
export function money(fields: Fields): { amount: number; currency: string } {
  const amount = integer(fields, 'amount', 1);
  if (amount === null) throw invalidRequest('parameter_missing', 'Missing required param: amount.', 'amount');
  const currency = text(fields, 'currency')?.toLowerCase();
  if (!currency) throw invalidRequest('parameter_missing', 'Missing required param: currency.', 'currency');
  if (!CURRENCIES.has(currency))
    throw invalidRequest('parameter_invalid', `Invalid currency: ${currency}.`, 'currency');
  if (amount < (MINIMUM[currency] ?? 1)) {
    const message = `Amount must be at least ${MINIMUM[currency]} in the smallest unit of ${currency}.`;
    throw invalidRequest('amount_too_small', message, 'amount');
  }
  if (amount > 99_999_999) {
    throw invalidRequest('amount_too_large', 'Amount must be no more than 99999999.', 'amount');
  }
  return { amount, currency };
}
