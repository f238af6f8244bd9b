import { applyDisputeEvent, storeDisputeEvent } from '../../db/dispute-events.js';
import type { DisputeNews } from '../../db/disputes.js';
import type { ProviderEvent } from '../../db/provider-events.js';
import { type PaymentGateway, type ProviderDispute, ProviderError } from '../../providers/types.js';
import type { Services } from '../services.js';

function toNews(
  provider: DisputeNews['provider'],
  { money, disputeRef, status, reason, evidenceDueAt, paymentRef, chargeRef, paymentId }: ProviderDispute,
): DisputeNews {
  const { amountMinor, currency } = money;
  return {
    provider,
    disputeRef,
    status,
    amountMinor,
    currency,
    reason,
    evidenceDueAt,
    paymentRef,
    chargeRef,
    paymentId,
  };
}

/** Events come in any order: the object as it is now counts. Where the provider won't show it, what it signed does. */
async function asItIsNow(gateway: PaymentGateway, told: ProviderDispute): Promise<ProviderDispute> {
  try {
    return await gateway.fetchDispute(told.disputeRef);
  } catch (error) {
    if (error instanceof ProviderError && !error.retryable) return told;
    throw error;
  }
}

/**
 * Stores a dispute's event, asks for the dispute and books it. While the provider can't be asked the answer is 503, and
 * the provider sends the event again. What can't be booked stays unhandled and shows in attention.
 */
export async function receiveDispute(
  { db, log }: Services,
  gateway: PaymentGateway,
  event: ProviderEvent,
  told: ProviderDispute,
): Promise<void> {
  if (!(await storeDisputeEvent(db, event))) return;
  const dispute = await asItIsNow(gateway, told);
  const { outcome } = await applyDisputeEvent(db, event, toNews(gateway.provider, dispute));
  if (outcome === 'applied') return;
  log.warn(
    { provider: event.provider, eventId: event.eventId, disputeRef: dispute.disputeRef, outcome },
    'a dispute could not be booked',
  );
}
