import Stripe from 'stripe';
import type { StripeConfig } from './config.js';
import { CALL_RETRIES, CALL_TIMEOUT_MS } from './limits.js';

/** Stripe's SDK with our patience, at Stripe's own address or the configured one. */
export function createStripeSdk(config: StripeConfig, timeoutMs = CALL_TIMEOUT_MS): Stripe {
  return new Stripe(config.secretKey, {
    ...addressOf(config.apiUrl),
    timeout: timeoutMs,
    maxNetworkRetries: CALL_RETRIES,
    telemetry: false,
  });
}

function addressOf(apiUrl: string | null): Pick<Stripe.StripeConfig, 'host' | 'port' | 'protocol'> {
  if (!apiUrl) return {};
  const url = new URL(apiUrl);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { protocol, host: url.hostname, port: url.port || (protocol === 'http' ? 80 : 443) };
}
