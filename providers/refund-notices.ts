import { z } from 'zod';
import type { RefundNotice } from './refund-types.js';

/** Which payment an event about refunds belongs to. Loosely read: what is missing is asked for, or belongs to nobody. */

const ref = z.union([z.string(), z.looseObject({ id: z.string() })]).nullish();
const metadata = z.looseObject({ paymentId: z.string().nullish() }).nullish().catch(null);
const stripeObject = z.looseObject({ id: z.string(), payment_intent: ref, charge: ref, metadata });

const idOf = (value: z.infer<typeof ref>): string | null => (typeof value === 'string' ? value : (value?.id ?? null));

/** `refund.*` and `charge.refund.updated` hold the refund, `charge.refunded` the charge. Null for every other event. */
export function maybeStripeRefund(type: string, object: unknown): RefundNotice | null {
  const isRefund = type.startsWith('refund.') || type === 'charge.refund.updated';
  if (!isRefund && type !== 'charge.refunded') return null;
  const parsed = stripeObject.safeParse(object).data;
  if (parsed === undefined) return null;
  return {
    providerRef: idOf(parsed.payment_intent),
    chargeRef: isRefund ? idOf(parsed.charge) : parsed.id,
    paymentId: isRefund ? null : (parsed.metadata?.paymentId ?? null),
  };
}

const razorpayRefund = z.looseObject({ payment_id: z.string() });
const razorpayPayment = z.looseObject({ order_id: z.string().nullish(), notes: metadata });

/** `refund.*` events hold the refund, and mostly its payment. Null for every other event. */
export function maybeRazorpayRefund(type: string, refund: unknown, payment: unknown): RefundNotice | null {
  if (!type.startsWith('refund.')) return null;
  const parsed = razorpayRefund.safeParse(refund).data;
  if (parsed === undefined) return null;
  const of = razorpayPayment.safeParse(payment).data;
  return {
    providerRef: of?.order_id ?? null,
    chargeRef: parsed.payment_id,
    paymentId: of?.notes?.paymentId ?? null,
  };
}
