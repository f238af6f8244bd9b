import { applyDisputeEvent, disputesToReview, unhandledDisputeEvents } from '../db/dispute-events.js';
import { applyDispute, type DisputeNews } from '../db/disputes.js';
import { ProviderError } from '../providers/types.js';
import type { ActivityDependencies } from './dependencies.js';

/** Disputes and events looked at in one sweep; the rest is the next one's. */
const MOST = 200;

type Deps = Pick<ActivityDependencies, 'db' | 'gateways' | 'log'>;

/** The dispute as the provider has it now; null where the provider can't say, or won't. */
async function ask({ gateways, log }: Deps, provider: 'stripe' | 'razorpay', disputeRef: string) {
  try {
    const { money, ...dispute } = await gateways[provider].fetchDispute(disputeRef);
    const news: DisputeNews = { provider, ...dispute, ...money };
    return news;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    log.warn({ provider, disputeRef, error: error.message }, 'a dispute could not be asked about');
    return null;
  }
}

/**
 * Asks about every dispute that is not over and books it as it is now: what webhooks failed to tell, what arrived before
 * its payment's money, and what came back to a wallet after a lost one. Repeats change nothing. @returns how many were
 * asked about
 */
export async function reviewDisputes(deps: Deps): Promise<number> {
  const { db } = deps;
  const events = await unhandledDisputeEvents(db, MOST);
  for (const event of events) {
    const news = await ask(deps, event.provider, event.disputeRef);
    if (news !== null) await applyDisputeEvent(db, event, news);
  }
  const disputes = await disputesToReview(db, MOST);
  for (const { provider, disputeRef } of disputes) {
    const news = await ask(deps, provider, disputeRef);
    if (news !== null) await db.transaction().execute((trx) => applyDispute(trx, news));
  }
  return events.length + disputes.length;
}
