import { ProviderError } from '../providers/types.js';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityDependencies } from './dependencies.js';
import { createPaymentActivities } from './payments.js';
import { createPayoutActivities } from './payouts.js';
import { createReconcileActivities } from './reconcile.js';
import { createRecordActivities } from './records.js';
import { createRefundActivities } from './refunds.js';
import { createRoomActivities } from './rooms.js';
import type { ReconcileActivities } from './reconcile-types.js';
import type { PayoutRecordActivities, PayoutSendingActivities } from './payout-types.js';
import type { ProviderActivities, RecordActivities, RefundRecordActivities, RefundSendingActivities } from './types.js';

/** A final provider error must not be retried by Temporal; its code becomes the failure's type. */
async function finalOrRetry<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ProviderError && !error.retryable)
      throw ApplicationFailure.nonRetryable(error.message, error.code);
    throw error;
  }
}

function guarded(activities: ProviderActivities): ProviderActivities {
  return {
    ensureRoom: (id) => finalOrRetry(() => activities.ensureRoom(id)),
    closeRoom: (id) => finalOrRetry(() => activities.closeRoom(id)),
    readAttendance: (id) => finalOrRetry(() => activities.readAttendance(id)),
    assumeAttendance: (id) => finalOrRetry(() => activities.assumeAttendance(id)),
    askProviderForMoney: (id) => finalOrRetry(() => activities.askProviderForMoney(id)),
  };
}

/** Every activity, made with its dependencies: records for the appointments' queue, providers for theirs. */
export function createActivities(deps: ActivityDependencies): {
  records: RecordActivities & RefundRecordActivities & PayoutRecordActivities;
  providers: ProviderActivities & RefundSendingActivities & PayoutSendingActivities & ReconcileActivities;
} {
  const refunds = createRefundActivities(deps);
  const payouts = createPayoutActivities(deps);
  return {
    records: { ...createRecordActivities(deps), ...refunds.records, ...payouts.records },
    // Unguarded: refunds and payouts are sent until their provider takes or refuses them, and tell by themselves what is final.
    providers: {
      ...guarded({ ...createRoomActivities(deps), ...createPaymentActivities(deps) }),
      ...refunds.providers,
      ...payouts.providers,
      ...createReconcileActivities(deps),
    },
  };
}
