import type { Hono } from 'hono';
import type { Collection } from '../store.js';
import { stripeId, unixNow } from '../ids.js';
import type { VendorEnv } from '../vendor-gate.js';
import { noSuch } from './errors.js';
import { expand } from './expand.js';
import { listPage } from './lists.js';
import type { StripeModel } from './model.js';
import type { Charge } from './objects.js';
import { checkNames, type Fields, integer, mergeMetadata, metadata, text } from './params.js';
import { createRefund } from './refunds.js';

/** `/v1/charges`, `/v1/refunds`, `/v1/events`. */
export function addChargeRoutes(app: Hono<VendorEnv>, model: StripeModel): void {
  app.get('/charges', (c) => {
    const query = c.get('fields');
    checkNames(query, 'chargeList');
    return c.json(
      expand(model, listPage(model.charges.values(), query, '/v1/charges', ['customer', 'payment_intent']), query),
    );
  });

  app.get('/charges/:id', (c) => {
    checkNames(c.get('fields'), 'retrieve');
    const charge: Charge | undefined = model.charges.get(c.req.param('id'));
    if (!charge) throw noSuch('charge', c.req.param('id'), 'id');
    return c.json(expand(model, charge, c.get('fields')));
  });

  app.post('/refunds', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'refundCreate');
    const refund = createRefund(model, {
      charge: text(fields, 'charge'),
      paymentIntent: text(fields, 'payment_intent'),
      amountMinor: integer(fields, 'amount', 1),
      reason: text(fields, 'reason'),
      metadata: mergeMetadata({}, metadata(fields)),
    });
    return c.json(expand(model, refund, fields));
  });

  app.get('/refunds', (c) => {
    const query = c.get('fields');
    checkNames(query, 'refundList');
    return c.json(
      expand(model, listPage(model.refunds.values(), query, '/v1/refunds', ['charge', 'payment_intent']), query),
    );
  });

  app.get('/refunds/:id', (c) => {
    checkNames(c.get('fields'), 'retrieve');
    const refund = model.refunds.get(c.req.param('id'));
    if (!refund) throw noSuch('refund', c.req.param('id'), 'id');
    return c.json(expand(model, refund, c.get('fields')));
  });

  app.get('/events', (c) => {
    const query = c.get('fields');
    checkNames(query, 'eventList');
    const types = query['types'];
    const events = model.events.list().filter((event) => !Array.isArray(types) || types.includes(event.type));
    return c.json(listPage(events, query, '/v1/events', ['type']));
  });

  app.get('/events/:id', (c) => {
    const event = model.events.get(c.req.param('id'));
    if (!event) throw noSuch('event', c.req.param('id'), 'id');
    return c.json(event);
  });
}

export interface Customer {
  id: string;
  object: 'customer';
  metadata: Record<string, string>;
  [field: string]: unknown;
}

/** `/v1/customers`: create, retrieve, update. */
export function addCustomerRoutes(app: Hono<VendorEnv>, customers: Collection<Customer>): void {
  const given = (fields: Fields) =>
    Object.fromEntries(['email', 'name', 'phone', 'description'].map((name) => [name, text(fields, name)]));

  app.post('/customers', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'customer');
    const id = stripeId('cus');
    const customer: Customer = {
      id,
      object: 'customer',
      address: null,
      balance: 0,
      created: unixNow(),
      currency: null,
      default_source: null,
      delinquent: false,
      discount: null,
      invoice_prefix: id.slice(-8).toUpperCase(),
      invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
      livemode: false,
      metadata: mergeMetadata({}, metadata(fields)),
      next_invoice_sequence: 1,
      preferred_locales: [],
      shipping: null,
      tax_exempt: 'none',
      test_clock: null,
      ...given(fields),
    };
    return c.json(customers.put(id, customer));
  });

  app.get('/customers/:id', (c) => {
    const customer = customers.get(c.req.param('id'));
    if (!customer) throw noSuch('customer', c.req.param('id'), 'id');
    return c.json(customer);
  });

  app.post('/customers/:id', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'customer');
    const customer = customers.get(c.req.param('id'));
    if (!customer) throw noSuch('customer', c.req.param('id'), 'id');
    const changed = Object.fromEntries(Object.entries(given(fields)).filter(([, value]) => value !== null));
    const merged = mergeMetadata(customer.metadata, metadata(fields));
    return c.json(customers.put(customer.id, { ...customer, ...changed, metadata: merged }));
  });
}
