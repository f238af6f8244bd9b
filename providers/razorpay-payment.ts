import { z } from 'zod';
import { ProviderError, type ProviderPayment, type ProviderPaymentStatus } from './types.js';

/** Razorpay sends `[]` for no notes. */
export const notes = z.preprocess(
  (value) => (Array.isArray(value) ? {} : value),
  z.record(z.string(), z.unknown()).nullish(),
);

const orderSchema = z.looseObject({
  id: z.string(),
  amount: z.coerce.number().int(),
  currency: z.string(),
  status: z.string(),
  receipt: z.string().nullish(),
  notes,
});

const paymentSchema = z.looseObject({
  id: z.string(),
  amount: z.coerce.number().int(),
  currency: z.string(),
  status: z.string(),
  captured: z.boolean().nullish(),
  order_id: z.string().nullish(),
  error_code: z.string().nullish(),
  error_reason: z.string().nullish(),
  created_at: z.number().default(0),
  notes,
});

export type RazorpayOrder = z.output<typeof orderSchema>;
export type RazorpayPaymentEntity = z.output<typeof paymentSchema>;

/** @throws ProviderError `response_unreadable` (retryable) when a proxy or a new version answers something else. */
export function readOrder(value: unknown): RazorpayOrder {
  return read(orderSchema, value);
}

export function readPayments(value: unknown): RazorpayPaymentEntity[] {
  return read(z.looseObject({ items: z.array(paymentSchema) }), value).items;
}

export function readOrders(value: unknown): RazorpayOrder[] {
  return read(z.looseObject({ items: z.array(orderSchema) }), value).items;
}

/** Webhook bodies: null where the event has no such entity. */
export function maybeOrder(value: unknown): RazorpayOrder | null {
  return orderSchema.safeParse(value).data ?? null;
}

export function maybePayment(value: unknown): RazorpayPaymentEntity | null {
  return paymentSchema.safeParse(value).data ?? null;
}

/**
 * An order and its payments as one payment of ours. Captured money wins over every other attempt, then an
 * authorisation, else the latest attempt speaks; `failed` may still become `captured` later.
 * https://razorpay.com/docs/payments/payments/
 */
export function toPayment(order: RazorpayOrder, payments: readonly RazorpayPaymentEntity[]): ProviderPayment {
  const newestFirst = payments.toSorted((a, b) => b.created_at - a.created_at);
  const speaking =
    newestFirst.find((payment) => statusOf(payment) === 'succeeded') ??
    newestFirst.find((payment) => statusOf(payment) === 'authorized') ??
    newestFirst[0] ??
    null;
  const status = speaking ? statusOf(speaking) : 'open';
  const paid = status === 'succeeded' && speaking ? speaking : order;
  return {
    providerRef: order.id,
    status,
    money: { amountMinor: paid.amount, currency: paid.currency.toUpperCase() },
    chargeRef: speaking?.id ?? null,
    paymentId: ourPaymentId(order.notes) ?? ourPaymentId(speaking?.notes),
    failureCode: status === 'failed' ? (speaking?.error_reason ?? speaking?.error_code ?? null) : null,
  };
}

/**
 * The status of one attempt. `refunded` money had been captured, unless it is an authorisation that Razorpay gave
 * back by itself. `created` waits for the payer and may be abandoned, so it is `open`, not `processing`.
 */
function statusOf(payment: RazorpayPaymentEntity): ProviderPaymentStatus {
  if (payment.captured || payment.status === 'captured') return 'succeeded';
  if (payment.status === 'authorized') return 'authorized';
  if (payment.status === 'failed' || payment.status === 'refunded') return 'failed';
  return 'open';
}

function ourPaymentId(of: Record<string, unknown> | null | undefined): string | null {
  const id = of?.['paymentId'];
  return typeof id === 'string' && id !== '' ? id : null;
}

export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProviderError('razorpay', 'response_unreadable', 'Razorpay answered something that is no entity', true);
}
