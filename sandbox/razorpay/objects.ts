import { randomBytes } from 'node:crypto';
import { razorpayId, unixNow } from '../ids.js';

/** Razorpay's notes: an object, or an empty list when there are none. */
export type Notes = Record<string, string> | [];

/** An order as the API shows it, plus the sandbox's own `_autoCapture` (stripped by `orderEntity`). */
export interface Order {
  id: string;
  entity: 'order';
  amount: number;
  amount_paid: number;
  amount_due: number;
  currency: string;
  receipt: string | null;
  offer_id: string | null;
  status: 'created' | 'attempted' | 'paid';
  attempts: number;
  notes: Notes;
  created_at: number;
  /** False when the order said `payment_capture: false`; otherwise payments are captured at once. */
  _autoCapture: boolean;
}

export interface Payment {
  id: string;
  entity: 'payment';
  amount: number;
  currency: string;
  status: 'created' | 'authorized' | 'captured' | 'refunded' | 'failed';
  order_id: string;
  amount_refunded: number;
  refund_status: null | 'partial' | 'full';
  captured: boolean;
  notes: Notes;
  fee: number | null;
  tax: number | null;
  error_code: string | null;
  error_description: string | null;
  created_at: number;
  [field: string]: unknown;
}

export interface RazorpayRefund {
  id: string;
  entity: 'refund';
  amount: number;
  currency: string;
  payment_id: string;
  notes: Notes;
  receipt: string | null;
  acquirer_data: { arn: string | null };
  created_at: number;
  batch_id: null;
  status: 'pending' | 'processed' | 'failed';
  speed_processed: 'normal';
  speed_requested: string;
}

export function newOrder(fields: Pick<Order, 'amount' | 'currency' | 'receipt' | 'notes' | '_autoCapture'>): Order {
  return {
    id: razorpayId('order'),
    entity: 'order',
    amount_paid: 0,
    amount_due: fields.amount,
    offer_id: null,
    status: 'created',
    attempts: 0,
    created_at: unixNow(),
    ...fields,
  };
}

/** The order without what the sandbox keeps for itself. */
export function orderEntity(order: Order): Omit<Order, '_autoCapture'> {
  const { _autoCapture, ...shown } = order;
  return shown;
}

/** A netbanking payment for a whole order, as checkout makes it. */
export function newPayment(order: Order): Payment {
  return {
    id: razorpayId('pay'),
    entity: 'payment',
    amount: order.amount,
    currency: order.currency,
    status: 'created',
    order_id: order.id,
    invoice_id: null,
    international: false,
    method: 'netbanking',
    amount_refunded: 0,
    refund_status: null,
    captured: false,
    description: null,
    card_id: null,
    bank: 'HDFC',
    wallet: null,
    vpa: null,
    email: 'payer@example.com',
    contact: '+919000090000',
    notes: order.notes,
    fee: null,
    tax: null,
    error_code: null,
    error_description: null,
    error_source: null,
    error_step: null,
    error_reason: null,
    acquirer_data: { bank_transaction_id: String(randomBytes(4).readUInt32BE()) },
    created_at: unixNow(),
  };
}

export function newRefund(
  payment: Payment,
  fields: { amount: number; notes: Notes; receipt: string | null; speed: string },
): RazorpayRefund {
  return {
    id: razorpayId('rfnd'),
    entity: 'refund',
    amount: fields.amount,
    currency: payment.currency,
    payment_id: payment.id,
    notes: fields.notes,
    receipt: fields.receipt,
    acquirer_data: { arn: null },
    created_at: unixNow(),
    batch_id: null,
    status: 'processed',
    speed_processed: 'normal',
    speed_requested: fields.speed,
  };
}
