import type { Hono } from 'hono';
import type { Collection, Store } from '../store.js';
import type { VendorEnv } from '../vendor-gate.js';
import { badRequest, noSuchId, RazorpayFailure } from './errors.js';
import type { RazorpayModel } from './model.js';
import { type Order, orderEntity, type RazorpayRefund } from './objects.js';
import { amount, checkNames, flag, notes, optionalText } from './params.js';

const ORDER_NAMES = [
  'amount',
  'currency',
  'receipt',
  'notes',
  'unique_receipt',
  'payment_capture',
  'payment',
  'partial_payment',
  'first_payment_min_amount',
  'customer_id',
  'method',
  'offers',
];
const REFUND_NAMES = ['amount', 'speed', 'notes', 'receipt', 'reverse_all'];

/** `/orders` and `/payments`. */
export function addOrderRoutes(app: Hono<VendorEnv>, model: RazorpayModel): void {
  app.post('/orders', (c) => c.json(orderEntity(createOrder(model, c.get('fields')))));

  app.get('/orders', (c) => {
    const { receipt, from, to } = c.req.query();
    const matching = model.orders
      .values()
      .filter((order) => (!receipt || order.receipt === receipt) && within(order.created_at, from, to))
      .toReversed();
    return c.json(collection(page(matching, c.req.query()).map(orderEntity)));
  });

  app.get('/orders/:id', (c) => c.json(orderEntity(model.order(c.req.param('id')))));

  app.get('/orders/:id/payments', (c) => c.json(collection(model.paymentsOf(model.order(c.req.param('id')).id))));

  app.get('/payments', (c) => {
    const { from, to } = c.req.query();
    const matching = model.payments
      .values()
      .filter((payment) => within(payment.created_at, from, to))
      .toReversed();
    return c.json(collection(page(matching, c.req.query())));
  });

  app.get('/payments/:id', (c) => c.json(model.payment(c.req.param('id'))));

  app.post('/payments/:id/capture', (c) => {
    const fields = c.get('fields');
    checkNames(fields, ['amount', 'currency']);
    const amountMinor = amount(fields, 1);
    if (amountMinor === null) throw badRequest('The amount field is required.', 'amount');
    return c.json(model.capture(c.req.param('id'), amountMinor, optionalText(fields, 'currency', 3)));
  });
}

/** Refunds. `X-Refund-Idempotency` (10 characters or more) meets the first refund again. */
export function addRefundRoutes(app: Hono<VendorEnv>, model: RazorpayModel, store: Store): void {
  const remembered: Collection<{ body: string; refundId: string }> = store.collection('razorpay_idempotency');

  app.post('/payments/:id/refund', (c) => {
    const fields = c.get('fields');
    checkNames(fields, REFUND_NAMES);
    const key = c.req.header('x-refund-idempotency');
    if (key !== undefined && key.length < 10) {
      throw badRequest('The idempotency key must be at least 10 characters long');
    }
    const body = `${c.req.path}\n${c.get('rawBody')}`;
    const first = key === undefined ? undefined : remembered.get(key);
    if (first) {
      if (first.body !== body) {
        throw new RazorpayFailure(400, 'BAD_REQUEST_ERROR', 'Same Idempotency-Key is passed with a different request.');
      }
      return c.json(model.refunds.get(first.refundId) ?? null);
    }
    const refund = model.refund(c.req.param('id'), {
      amountMinor: amount(fields, 1),
      notes: notes(fields),
      receipt: optionalText(fields, 'receipt', 40),
      speed: optionalText(fields, 'speed', 10) ?? 'normal',
    });
    if (key !== undefined) remembered.put(key, { body, refundId: refund.id });
    return c.json(refund);
  });

  app.get('/payments/:id/refunds', (c) => {
    const { id } = model.payment(c.req.param('id'));
    const refunds = model.refunds
      .values()
      .filter((refund) => refund.payment_id === id)
      .toReversed();
    return c.json(collection(page(refunds, c.req.query())));
  });

  app.get('/payments/:id/refunds/:refundId', (c) => c.json(refundOf(model, c.req.param('refundId'))));
  app.get('/refunds/:id', (c) => c.json(refundOf(model, c.req.param('id'))));
  app.get('/refunds', (c) => c.json(collection(page(model.refunds.values().toReversed(), c.req.query()))));
}

/** With `unique_receipt` a repeat of the receipt meets the first order, if it asks for the same. */
function createOrder(model: RazorpayModel, fields: Record<string, unknown>): Order {
  checkNames(fields, ORDER_NAMES);
  const currency = optionalText(fields, 'currency', 3) ?? 'INR';
  const amountMinor = amount(fields, currency === 'INR' ? 100 : 1);
  if (amountMinor === null) throw badRequest('The amount field is required.', 'amount');
  if (!/^[A-Z]{3}$/.test(currency)) throw badRequest('Currency is not supported', 'currency');
  const receipt = optionalText(fields, 'receipt', 40);
  if (flag(fields, 'unique_receipt') && receipt) {
    const first = model.orders.find((order) => order.receipt === receipt);
    if (first && (first.amount !== amountMinor || first.currency !== currency)) {
      throw badRequest('Order with the same receipt and another amount exists', 'receipt');
    }
    if (first) return first;
  }
  const capture = (fields['payment'] as { capture?: unknown } | undefined)?.capture;
  const _autoCapture = flag(fields, 'payment_capture') ?? capture !== 'manual';
  return model.createOrder({ amount: amountMinor, currency, receipt, notes: notes(fields), _autoCapture });
}

function refundOf(model: RazorpayModel, id: string): RazorpayRefund {
  const refund = model.refunds.get(id);
  if (!refund) throw noSuchId();
  return refund;
}

function collection<T>(items: T[]): { entity: 'collection'; count: number; items: T[] } {
  return { entity: 'collection', count: items.length, items };
}

function page<T>(items: T[], query: Record<string, string>): T[] {
  const skip = Number(query['skip'] ?? 0);
  const count = Math.min(Number(query['count'] ?? 10), 100);
  return items.slice(skip, skip + count);
}

function within(createdAt: number, from: string | undefined, to: string | undefined): boolean {
  return (!from || createdAt >= Number(from)) && (!to || createdAt <= Number(to));
}
