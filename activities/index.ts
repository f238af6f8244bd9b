import { ProviderError } from '../providers/types.js';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityDependencies } from './dependencies.js';
import { createPaymentActivities } from './payments.js';
import { createRecordActivities } from './records.js';
import { createRefundActivities } from './refunds.js';
import { createRoomActivities } from './rooms.js';
import type { ReconcileActivities } from './reconcile-types.js';
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
  records: RecordActivities & RefundRecordActivities;
  providers: ProviderActivities & RefundSendingActivities & ReconcileActivities;
} {
  const refunds = createRefundActivities(deps);
  return {
    records: { ...createRecordActivities(deps), ...refunds.records },
    // Unguarded: a refund is sent until its provider takes or refuses it, and tells by itself what is final.
    providers: {
      ...guarded({ ...createRoomActivities(deps), ...createPaymentActivities(deps) }),
      ...refunds.providers,
    },
  };
}
