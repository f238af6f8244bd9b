import { Hono } from 'hono';
import { readBasicAuth } from '../basic-auth.js';
import type { CallLog } from '../calls.js';
import { razorpayCredentials } from '../credentials.js';
import type { FaultTable } from '../faults.js';
import type { Store } from '../store.js';
import { type VendorEnv, vendorGate } from '../vendor-gate.js';
import { addDisputeRoutes } from './dispute-routes.js';
import { badRequest, failureResponse, injectedFailure, RazorpayFailure } from './errors.js';
import type { RazorpayModel } from './model.js';
import { addOrderRoutes, addRefundRoutes } from './routes.js';

/** Razorpay's API below `/razorpay/v1`. */
export function razorpayApp(parts: {
  model: RazorpayModel;
  store: Store;
  calls: CallLog;
  faults: FaultTable;
}): Hono<VendorEnv> {
  const { model, store, calls, faults } = parts;
  const app = new Hono<VendorEnv>();
  app.use(vendorGate('razorpay', calls, faults));
  app.use(async (c, next) => {
    const { name, password } = readBasicAuth(c.req.header('authorization'));
    if (name !== razorpayCredentials.keyId || password !== razorpayCredentials.keySecret) {
      throw new RazorpayFailure(401, 'BAD_REQUEST_ERROR', 'Authentication failed');
    }
    const injected = c.get('injected');
    if (injected) throw injectedFailure(injected.status);
    await next();
  });
  addOrderRoutes(app, model);
  addRefundRoutes(app, model, store);
  addDisputeRoutes(app, model);
  app.all('*', () => failureResponse(badRequest('The requested URL was not found on the server.')));
  app.onError((error) => {
    if (error instanceof RazorpayFailure) return failureResponse(error);
    return failureResponse(new RazorpayFailure(500, 'SERVER_ERROR', String(error)));
  });
  return app;
}
