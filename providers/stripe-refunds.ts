import type Stripe from 'stripe';
import { INSUFFICIENT_BALANCE, type ProviderRefund, type RefundOrder } from './refund-types.js';
import { STORED_FAILURE, toStripeError } from './stripe-errors.js';
import { ProviderError } from './types.js';

/** Idempotency keys that one refund may use up. */
const MAX_KEYS = 3;
/** More refunds of one payment than anybody makes. */
const MOST_REFUNDS = 1_000;

/**
 * Stripe's error codes that only say that our balance is too low at the moment. Stripe repeats that answer for a day,
 * then the same key asks anew. https://docs.stripe.com/error-codes
 */
const BALANCE_CODES: ReadonlySet<string> = new Set(['balance_insufficient', 'insufficient_funds']);

/** The fields we read of a Refund. */
type RefundFields = Pick<Stripe.Refund, 'id' | 'status' | 'amount' | 'currency' | 'metadata' | 'failure_reason'>;

/** Reduces a Refund. `canceled` gave the money back to us like `failed`. https://docs.stripe.com/api/refunds/object */
export function toRefund(refund: RefundFields): ProviderRefund {
  const failed = refund.status === 'failed' || refund.status === 'canceled';
  return {
    refundRef: refund.id,
    status: failed ? 'failed' : refund.status === 'succeeded' ? 'succeeded' : 'pending',
    money: { amountMinor: refund.amount, currency: refund.currency.toUpperCase() },
    refundId: refund.metadata?.['refundId'] ?? null,
    failureCode: failed ? (refund.failure_reason ?? refund.status) : null,
  };
}

async function call<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw toStripeError(error);
  }
}

export async function fetchStripeRefund(sdk: Stripe, refundRef: string): Promise<ProviderRefund> {
  return toRefund(await call(() => sdk.refunds.retrieve(refundRef)));
}

/** Every refund of an intent, newest first. */
export async function listStripeRefunds(sdk: Stripe, intentId: string): Promise<ProviderRefund[]> {
  const list = () =>
    sdk.refunds.list({ payment_intent: intentId, limit: 100 }).autoPagingToArray({ limit: MOST_REFUNDS });
  return (await call(list)).map(toRefund);
}

/**
 * Refunds a part of an intent once. A failure that Stripe has stored under the key means that its request is over: the
 * list is read again before another key is used, so the money can't go twice.
 */
export async function refundStripePayment(sdk: Stripe, order: RefundOrder): Promise<ProviderRefund> {
  for (let attempt = 1; ; attempt += 1) {
    const made = (await listStripeRefunds(sdk, order.providerRef)).find(({ refundId }) => refundId === order.refundId);
    if (made !== undefined) return made;
    const key = `refund-${order.refundId}`;
    try {
      return await create(sdk, order, attempt === 1 ? key : `${key}-${attempt}`);
    } catch (error) {
      const isStored = error instanceof ProviderError && error.code === STORED_FAILURE;
      if (!isStored || attempt === MAX_KEYS) throw error;
    }
  }
}

async function create(sdk: Stripe, order: RefundOrder, idempotencyKey: string): Promise<ProviderRefund> {
  const { providerRef, refundId, amountMinor } = order;
  try {
    const request = { payment_intent: providerRef, amount: amountMinor, metadata: { refundId } };
    return toRefund(await call(() => sdk.refunds.create(request, { idempotencyKey })));
  } catch (error) {
    if (error instanceof ProviderError && BALANCE_CODES.has(error.code))
      throw new ProviderError('stripe', INSUFFICIENT_BALANCE, error.message, true, error.httpStatus);
    throw error;
  }
}
