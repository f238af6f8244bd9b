import { z } from 'zod';
import { maybePayment } from './razorpay-payment.js';
import { ProviderError, type ProviderDispute } from './types.js';

const disputeSchema = z.looseObject({
  id: z.string().min(1),
  payment_id: z.string().min(1),
  amount: z.coerce.number().int().positive(),
  amount_deducted: z.coerce.number().int().default(0),
  currency: z.string().length(3),
  status: z.string(),
  phase: z.string().default('chargeback'),
  reason_code: z.string().nullish(),
  respond_by: z.number().nullish(),
});
type DisputeFields = z.output<typeof disputeSchema>;

/** @throws ProviderError `response_unreadable` (retryable) for what is no dispute */
export function readRazorpayDispute(value: unknown, payment: unknown): ProviderDispute {
  const dispute = maybeRazorpayDispute(value, payment);
  if (dispute !== null) return dispute;
  throw new ProviderError('razorpay', 'response_unreadable', 'Razorpay answered something that is no dispute', true);
}

/** The payment that a dispute is about; null for what is no dispute. */
export function disputedPaymentOf(value: unknown): string | null {
  return disputeSchema.safeParse(value).data?.payment_id ?? null;
}

/** A dispute with its payment (which names order and notes), of a webhook or the API; null for what is none. */
export function maybeRazorpayDispute(value: unknown, payment: unknown): ProviderDispute | null {
  const parsed = disputeSchema.safeParse(value);
  if (!parsed.success) return null;
  const dispute = parsed.data;
  const about = maybePayment(payment);
  const ours = about?.id === dispute.payment_id ? about : null;
  const paymentId = ours?.notes?.['paymentId'];
  return {
    disputeRef: dispute.id,
    status: toStatus(dispute),
    money: { amountMinor: dispute.amount, currency: dispute.currency.toUpperCase() },
    reason: dispute.reason_code ?? null,
    evidenceDueAt: dispute.respond_by ? new Date(dispute.respond_by * 1000) : null,
    paymentRef: ours?.order_id ?? null,
    chargeRef: dispute.payment_id,
    paymentId: typeof paymentId === 'string' && paymentId !== '' ? paymentId : null,
  };
}

/**
 * https://razorpay.com/docs/payments/disputes/: in the phases `fraud` and `retrieval` the bank only asks, and `closed`
 * ends them; whether money was taken then, `amount_deducted` says.
 */
function toStatus({ status, phase, amount_deducted: deducted }: DisputeFields): ProviderDispute['status'] {
  switch (status) {
    case 'won':
      return 'won';
    case 'lost':
      return 'lost';
    case 'closed':
      return deducted > 0 ? 'lost' : 'won';
    default:
      return phase === 'fraud' || phase === 'retrieval' ? 'inquiry' : 'open';
  }
}
