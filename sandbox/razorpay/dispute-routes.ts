import type { Hono } from 'hono';
import type { VendorEnv } from '../vendor-gate.js';
import { noSuchId } from './errors.js';
import type { RazorpayModel } from './model.js';

/** `/disputes`: fetch all (`count`, `skip`) and fetch by id. */
export function addDisputeRoutes(app: Hono<VendorEnv>, model: RazorpayModel): void {
  app.get('/disputes', (c) => {
    const { skip = '0', count = '10' } = c.req.query();
    const newestFirst = model.disputes.values().toReversed();
    const items = newestFirst.slice(Number(skip), Number(skip) + Math.min(Number(count), 100));
    return c.json({ entity: 'collection', count: items.length, items });
  });

  app.get('/disputes/:id', (c) => {
    const dispute = model.disputes.get(c.req.param('id'));
    if (!dispute) throw noSuchId();
    return c.json(dispute);
  });
}
