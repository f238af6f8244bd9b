import { z } from 'zod';
import { ProviderError, type ProviderDispute } from './types.js';

const metadata = z.record(z.string(), z.string()).nullish();
const disputeSchema = z.looseObject({
  id: z.string().min(1),
  amount: z.int().positive(),
  currency: z.string().length(3),
  status: z.string(),
  reason: z.string().nullish(),
  charge: z.union([z.string(), z.looseObject({ id: z.string() })]),
  payment_intent: z.union([z.string(), z.looseObject({ id: z.string(), metadata })]).nullish(),
  evidence_details: z.looseObject({ due_by: z.number().nullish() }).nullish(),
});
type DisputeFields = z.output<typeof disputeSchema>;

/** @throws ProviderError `response_unreadable` (retryable) for what is no dispute */
export function readStripeDispute(value: unknown): ProviderDispute {
  const dispute = maybeStripeDispute(value);
  if (dispute !== null) return dispute;
  throw new ProviderError('stripe', 'response_unreadable', 'Stripe answered something that is no dispute', true);
}

/** A dispute of a webhook or of the API in our own words; null for what is none. */
export function maybeStripeDispute(value: unknown): ProviderDispute | null {
  const parsed = disputeSchema.safeParse(value);
  return parsed.success ? toDispute(parsed.data) : null;
}

function toDispute(dispute: DisputeFields): ProviderDispute {
  const { charge, payment_intent: intent, evidence_details: evidence } = dispute;
  const dueBy = evidence?.due_by ?? 0; // 0: the bank takes no answer
  return {
    disputeRef: dispute.id,
    status: toStatus(dispute.status),
    money: { amountMinor: dispute.amount, currency: dispute.currency.toUpperCase() },
    reason: dispute.reason ?? null,
    evidenceDueAt: dueBy > 0 ? new Date(dueBy * 1000) : null,
    paymentRef: typeof intent === 'string' ? intent : (intent?.id ?? null),
    chargeRef: typeof charge === 'string' ? charge : charge.id,
    paymentId: (typeof intent === 'object' ? intent?.metadata?.['paymentId'] : null) ?? null,
  };
}

/** https://docs.stripe.com/api/disputes/object: an inquiry (`warning_...`) has taken no money. */
function toStatus(status: string): ProviderDispute['status'] {
  switch (status) {
    case 'warning_needs_response':
    case 'warning_under_review':
      return 'inquiry';
    case 'won':
    case 'warning_closed': // over without a chargeback
    case 'prevented':
      return 'won';
    case 'lost':
      return 'lost';
    default:
      return 'open'; // and one newer than this code: refunds stay refused until we know better
  }
}
