import { ApplicationFailure } from '@temporalio/common';
import { payoutStatus, payoutToSend, pendingPayouts } from '../db/payout-sending.js';
import { failPayout, markPayoutSent } from '../db/payouts.js';
import { ProviderError } from '../providers/types.js';
import type { ActivityDependencies } from './dependencies.js';
import type { PayoutRecordActivities, PayoutSendingActivities } from './payout-types.js';

/** Statuses by which a rail refuses this payout; 401 and 403 refuse us, and are tried again until that is mended. */
const REFUSING: readonly (number | null)[] = [null, 400, 402, 404];

function isRefusal(error: unknown): error is ProviderError {
  return error instanceof ProviderError && !error.retryable && REFUSING.includes(error.httpStatus);
}

/** The sending of payouts by their rails. A crash between the sending and the note is met by the rail's own look. */
export function createPayoutActivities({
  db,
  payoutRails,
  log,
}: Pick<ActivityDependencies, 'db' | 'payoutRails' | 'log'>): {
  records: PayoutRecordActivities;
  providers: PayoutSendingActivities;
} {
  /** Of one that is settled already: a worker that died noted it, and could not say so any more. */
  async function endOf(payoutId: string): Promise<'sent' | 'failed'> {
    const status = await payoutStatus(db, payoutId);
    if (status === 'sent' || status === 'failed') return status;
    throw ApplicationFailure.nonRetryable('There is no such payout', 'unknown_payout');
  }

  return {
    records: {
      pendingPayouts: ({ batchId, limit }) => pendingPayouts(db, batchId, limit),
    },
    providers: {
      async sendPayout(payoutId) {
        const payout = await payoutToSend(db, payoutId);
        if (payout === null) return endOf(payoutId);
        const { batchId, amountMinor, currency, stripeAccount } = payout;
        const order = { payoutId, batchId, amountMinor, currency, destination: stripeAccount };
        try {
          const { providerRef } = await payoutRails[payout.rail].send(order);
          await markPayoutSent(db, payoutId, providerRef);
          return 'sent';
        } catch (error) {
          if (!isRefusal(error)) throw error;
          await failPayout(db, payoutId, error.code.slice(0, 255));
          log.warn({ payoutId, batchId, code: error.code }, 'a payout was refused; its earnings may be paid out again');
          return 'failed';
        }
      },
    },
  };
}
