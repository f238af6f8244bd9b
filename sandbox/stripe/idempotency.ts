import type { MiddlewareHandler } from 'hono';
import type { Collection, Store } from '../store.js';
import type { VendorEnv } from '../vendor-gate.js';
import { injectedFailure, StripeFailure } from './errors.js';

interface Remembered {
  fingerprint: string;
  status: number;
  body: string;
}

/**
 * Stripe's idempotency (https://docs.stripe.com/api/idempotent_requests): the first answer to a key is given again,
 * 500s included, to the same request; another request with the key is refused; without a key every request counts.
 * Answers that came before execution (bad parameters, 401, 429) are not remembered.
 */
export function stripeIdempotency(store: Store): MiddlewareHandler<VendorEnv> {
  const remembered: Collection<Remembered> = store.collection<Remembered>('stripe_idempotency');
  const inFlight = new Set<string>();
  return async (c, next) => {
    const injected = c.get('injected');
    const key = c.req.method === 'POST' ? c.req.header('idempotency-key') : undefined;
    if (!key) {
      if (injected) throw injectedFailure(injected.status);
      return next();
    }
    const fingerprint = `${c.req.method} ${new URL(c.req.url).pathname}\n${c.get('rawBody')}`;
    const first = remembered.get(key);
    if (first) return replay(first, fingerprint, key);
    if (injected && !injected.stored) throw injectedFailure(injected.status);
    if (inFlight.has(key)) throw keyInUse(key);
    inFlight.add(key);
    try {
      if (injected) c.res = failureResponse(injectedFailure(injected.status));
      else await next();
      const refusedEarly = c.error instanceof StripeFailure && c.error.beforeExecution;
      if (!refusedEarly) {
        remembered.put(key, { fingerprint, status: c.res.status, body: await c.res.clone().text() });
      }
      c.res.headers.set('Idempotency-Key', key);
    } finally {
      inFlight.delete(key);
    }
  };
}

function replay(first: Remembered, fingerprint: string, key: string): Response {
  if (first.fingerprint !== fingerprint) {
    const message =
      'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
      `Try using a key other than '${key}' if you meant to execute a different request.`;
    throw new StripeFailure(400, { message, type: 'idempotency_error' }, true);
  }
  const headers = { 'content-type': 'application/json', 'idempotency-key': key, 'idempotent-replayed': 'true' };
  return new Response(first.body, { status: first.status, headers });
}

function keyInUse(key: string): StripeFailure {
  const message =
    'There is currently another in-progress request using this Idempotent Key (that probably means you submitted ' +
    `twice, and the other request is still going through): ${key}. Please try again later.`;
  return new StripeFailure(409, { code: 'idempotency_key_in_use', message, type: 'idempotency_error' }, true);
}

/** The JSON answer to a failure. */
export function failureResponse(failure: StripeFailure): Response {
  return Response.json({ error: failure.body }, { status: failure.status });
}
