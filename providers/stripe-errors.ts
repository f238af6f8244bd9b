import Stripe from 'stripe';
import { ProviderError } from './types.js';

/** Stripe asks for a repeat of these whatever their HTTP status is. https://docs.stripe.com/error-codes */
const RETRYABLE_CODES: ReadonlySet<string> = new Set(['lock_timeout', 'rate_limit', 'idempotency_key_in_use']);

/** A 5xx that Stripe keeps under an idempotency key, and gives again to every repeat for at least 24 hours. */
export const STORED_FAILURE = 'stored_failure';

/**
 * Stripe's error in our words. Retryable: no connection, 429, 409, lock time-outs, 5xx, and an answer without a
 * status (an HTML page from a proxy in between). Final: cards, 401, 403, other 4xx.
 */
export function toStripeError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof Stripe.errors.StripeConnectionError) {
    return new ProviderError('stripe', 'connection_failed', 'Stripe could not be reached', true);
  }
  if (!(error instanceof Stripe.errors.StripeError)) {
    return new ProviderError('stripe', 'unexpected', `Stripe call failed: ${nameOf(error)}`, true);
  }
  const httpStatus = error.statusCode ?? null;
  if (httpStatus !== null && httpStatus >= 500 && error.headers?.['idempotent-replayed'] === 'true') {
    return new ProviderError('stripe', STORED_FAILURE, 'Stripe repeats a stored failure', true, httpStatus);
  }
  const code = error.code ?? error.rawType ?? (httpStatus === null ? 'response_unreadable' : `http_${httpStatus}`);
  const retryable =
    httpStatus === null || httpStatus === 429 || httpStatus === 409 || httpStatus >= 500 || RETRYABLE_CODES.has(code);
  const message = `Stripe answered ${code}${error.requestId ? `, request ${error.requestId}` : ''}`;
  return new ProviderError('stripe', code, message, retryable, httpStatus);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
