import { ProviderError } from '../providers/types.js';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityDependencies } from './dependencies.js';
import { createPaymentActivities } from './payments.js';
import { createRecordActivities } from './records.js';
import { createRoomActivities } from './rooms.js';
import type { ProviderActivities, RecordActivities } from './types.js';

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
  records: RecordActivities;
  providers: ProviderActivities;
} {
  return {
    records: createRecordActivities(deps),
    providers: guarded({ ...createRoomActivities(deps), ...createPaymentActivities(deps) }),
  };
}
