import { randomText, stripeId, unixNow } from '../ids.js';

/** The version the installed SDK is pinned to; events carry it. */
export const API_VERSION = '2026-10-28.endive';

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

/** The fields the sandbox reasons about; the object has all that Stripe's has. */
export interface PaymentIntent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_capturable: number;
  amount_received: number;
  canceled_at: number | null;
  cancellation_reason: string | null;
  capture_method: string;
  client_secret: string;
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  metadata: Record<string, string>;
  next_action: Record<string, unknown> | null;
  payment_method: string | null;
  receipt_email: string | null;
  status: IntentStatus;
  [field: string]: unknown;
}

export interface Charge {
  id: string;
  object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  created: number;
  currency: string;
  disputed: boolean;
  paid: boolean;
  payment_intent: string;
  refunded: boolean;
  status: 'succeeded' | 'pending' | 'failed';
  metadata: Record<string, string>;
  [field: string]: unknown;
}

export interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  charge: string;
  created: number;
  currency: string;
  metadata: Record<string, string>;
  payment_intent: string;
  reason: string | null;
  status: 'pending' | 'succeeded' | 'failed' | 'canceled';
  [field: string]: unknown;
}

/** Fields that are null in everything this sandbox makes. */
function nulls(...names: string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** A payment intent that waits for a payment method. */
export function newIntent(fields: Partial<PaymentIntent> & { amount: number; currency: string }): PaymentIntent {
  const id = stripeId('pi');
  return {
    id,
    object: 'payment_intent',
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    ...nulls('application', 'application_fee_amount', 'on_behalf_of', 'processing', 'review', 'setup_future_usage'),
    ...nulls('shipping', 'statement_descriptor', 'statement_descriptor_suffix', 'transfer_data', 'transfer_group'),
    ...nulls('source', 'excluded_payment_method_types', 'customer_account', 'payment_method_configuration_details'),
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${randomText(25)}`,
    confirmation_method: 'automatic',
    created: unixNow(),
    customer: null,
    description: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: { enabled: false },
    metadata: {},
    next_action: null,
    payment_method: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    receipt_email: null,
    status: 'requires_payment_method',
    ...fields,
  };
}

const CARD_DETAILS = {
  card: {
    amount_authorized: null,
    authorization_code: null,
    brand: 'visa',
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: 'US',
    exp_month: 8,
    exp_year: 2030,
    fingerprint: 'punctualSandbox0',
    funding: 'credit',
    installments: null,
    last4: '4242',
    mandate: null,
    network: 'visa',
    network_token: { used: false },
    three_d_secure: null,
    wallet: null,
  },
  type: 'card',
};

const NO_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

/** A charge for the whole amount of an intent; `failure` makes it a declined one. */
export function newCharge(
  intent: PaymentIntent,
  failure: { code: string; declineCode: string; message: string } | null,
): Charge {
  const id = stripeId('ch');
  const captured = !failure && intent.capture_method !== 'manual';
  return {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: captured ? intent.amount : 0,
    amount_refunded: 0,
    ...nulls('application', 'application_fee', 'application_fee_amount', 'failure_balance_transaction', 'review'),
    ...nulls('on_behalf_of', 'receipt_number', 'shipping', 'source_transfer', 'statement_descriptor', 'source'),
    ...nulls('statement_descriptor_suffix', 'transfer_data', 'transfer_group'),
    balance_transaction: captured ? stripeId('txn') : null,
    billing_details: { address: NO_ADDRESS, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'PUNCTUAL SANDBOX',
    captured,
    created: unixNow(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_code: failure?.code ?? null,
    failure_message: failure?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    outcome: failure
      ? outcome('declined_by_network', failure.declineCode, 'issuer_declined', failure.message)
      : outcome('approved_by_network', null, 'authorized', 'Payment complete.'),
    paid: !failure,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    payment_method_details: CARD_DETAILS,
    receipt_email: intent.receipt_email,
    receipt_url: null,
    refunded: false,
    refunds: { object: 'list', data: [], has_more: false, url: `/v1/charges/${id}/refunds` },
    status: failure ? 'failed' : 'succeeded',
  };
}

function outcome(networkStatus: string, reason: string | null, type: string, sellerMessage: string) {
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: networkStatus,
    reason,
    risk_level: 'normal',
    seller_message: sellerMessage,
    type,
  };
}

export function newRefund(
  charge: Charge,
  fields: { amount: number; reason: string | null; metadata: Record<string, string> },
): Refund {
  return {
    id: stripeId('re'),
    object: 'refund',
    balance_transaction: stripeId('txn'),
    charge: charge.id,
    created: unixNow(),
    currency: charge.currency,
    customer: charge['customer'],
    customer_account: null,
    payment_method: charge['payment_method'],
    destination_details: { card: { type: 'pending' }, type: 'card' },
    payment_intent: charge.payment_intent,
    ...nulls('receipt_number', 'source_transfer_reversal', 'transfer_reversal'),
    status: 'succeeded',
    ...fields,
  };
}
