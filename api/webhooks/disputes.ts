import { applyDisputeEvent, storeDisputeEvent } from '../../db/dispute-events.js';
import type { ProviderEvent } from '../../db/provider-events.js';
import { type PaymentGateway, type ProviderDispute, ProviderError } from '../../providers/types.js';
import type { Services } from '../services.js';

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
  const { money, ...dispute } = await asItIsNow(gateway, told);
  const news = { provider: gateway.provider, ...dispute, ...money };
  const { outcome } = await applyDisputeEvent(db, event, news);
  if (outcome === 'applied') return;
  log.warn(
    { provider: event.provider, eventId: event.eventId, disputeRef: dispute.disputeRef, outcome },
    'a dispute could not be booked',
  );
}
