import type { Hono } from 'hono';
import type { VendorEnv } from '../vendor-gate.js';
import { noSuch } from './errors.js';
import { expand } from './expand.js';
import { listPage } from './lists.js';
import type { StripeModel } from './model.js';
import { checkNames } from './params.js';

/** `/v1/disputes`: list (by charge or payment intent) and retrieve. */
export function addDisputeRoutes(app: Hono<VendorEnv>, model: StripeModel): void {
  app.get('/disputes', (c) => {
    const query = c.get('fields');
    checkNames(query, 'disputeList');
    const disputes = listPage(model.disputes.values(), query, '/v1/disputes', ['charge', 'payment_intent']);
    return c.json(expand(model, disputes, query));
  });

  app.get('/disputes/:id', (c) => {
    checkNames(c.get('fields'), 'retrieve');
    const dispute = model.disputes.get(c.req.param('id'));
    if (!dispute) throw noSuch('dispute', c.req.param('id'), 'dispute');
    return c.json(expand(model, dispute, c.get('fields')));
  });
}
