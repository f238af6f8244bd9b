import { Hono, type MiddlewareHandler } from 'hono';
import type { CallLog } from '../calls.js';
import { readBasicAuth } from '../basic-auth.js';
import { stripeCredentials } from '../credentials.js';
import type { FaultTable } from '../faults.js';
import { decodeForm } from '../form.js';
import { stripeId } from '../ids.js';
import type { Store } from '../store.js';
import { type VendorEnv, vendorGate } from '../vendor-gate.js';
import { addChargeRoutes, addCustomerRoutes, type Customer } from './charge-routes.js';
import { addDisputeRoutes } from './dispute-routes.js';
import { failureResponse, stripeIdempotency } from './idempotency.js';
import { StripeFailure } from './errors.js';
import { addIntentRoutes } from './intent-routes.js';
import type { StripeModel } from './model.js';
import { API_VERSION } from './objects.js';
import { text } from './params.js';
import { addTransferRoutes, type Transfer } from './transfers.js';

/** Stripe's API below `/v1`. */
export function stripeApp(parts: {
  model: StripeModel;
  store: Store;
  calls: CallLog;
  faults: FaultTable;
}): Hono<VendorEnv> {
  const { model, store, calls, faults } = parts;
  const app = new Hono<VendorEnv>();
  app.use(vendorGate('stripe', calls, faults));
  app.use(async (c, next) => {
    await next();
    c.res.headers.set('Request-Id', stripeId('req'));
    c.res.headers.set('Stripe-Version', c.req.header('stripe-version') ?? API_VERSION);
  });
  app.use(authenticate(model));
  app.use(stripeIdempotency(store));
  app.use(async (c, next) => {
    if (c.req.method === 'GET') c.set('fields', decodeForm(new URL(c.req.url).search.slice(1)));
    await next();
  });
  addIntentRoutes(app, model);
  addChargeRoutes(app, model);
  addDisputeRoutes(app, model);
  addTransferRoutes(app, store.collection<Transfer>('stripe_transfers'), model.events);
  addCustomerRoutes(app, store.collection<Customer>('stripe_customers'));
  app.all('*', (c) => {
    const message = `Unrecognized request URL (${c.req.method}: ${c.req.path}). The sandbox doesn't speak this part of Stripe.`;
    return failureResponse(new StripeFailure(404, { message, type: 'invalid_request_error' }));
  });
  app.onError((error) => {
    if (error instanceof StripeFailure) return failureResponse(error);
    return failureResponse(new StripeFailure(500, { message: String(error), type: 'api_error' }));
  });
  return app;
}

/**
 * The secret key opens everything; the publishable key, as Stripe.js has it, an intent whose client secret is given.
 * @throws StripeFailure 401
 */
function authenticate(model: StripeModel): MiddlewareHandler<VendorEnv> {
  return async (c, next) => {
    const header = c.req.header('authorization') ?? '';
    const [, bearer] = /^Bearer\s+(\S+)$/i.exec(header) ?? [];
    const key = bearer ?? (readBasicAuth(header).name || text(c.get('fields'), 'key') || (c.req.query('key') ?? ''));
    if (key === stripeCredentials.secretKey) return next();
    const [, id] = /\/payment_intents\/(pi_\w+)(\/confirm)?$/.exec(c.req.path) ?? [];
    const secret = c.get('fields')['client_secret'] ?? c.req.query('client_secret');
    if (key === stripeCredentials.publishableKey && id && model.intents.get(id)?.client_secret === secret)
      return next();
    const message = key
      ? `Invalid API Key provided: ${key.slice(0, 8)}****${key.slice(-4)}`
      : 'You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.';
    throw new StripeFailure(401, { message, type: 'invalid_request_error' }, true);
  };
}
