import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ProviderActivities, RecordActivities } from '../activities/types.js';
import { PROVIDERS_QUEUE_SUFFIX } from './queues.js';

/**
 * Our own database: repeated without end (a refusal is an answer, not a failure), quickly at first. Longer pauses are
 * timers of the workflow: one that waits inside its task holds one of the worker's few places, and those that can't go on
 * would stop every other.
 */
export const records = proxyLocalActivities<RecordActivities>({
  startToCloseTimeout: 15_000,
  localRetryThreshold: 300,
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
});

function providerActivities(taskQueue: string, scheduleToCloseTimeout?: number) {
  return proxyActivities<ProviderActivities>({
    taskQueue: taskQueue + PROVIDERS_QUEUE_SUFFIX,
    startToCloseTimeout: 15_000, // also how long a call is missed whose worker was killed; vendors' own time-outs are 10 s
    ...(scheduleToCloseTimeout === undefined ? {} : { scheduleToCloseTimeout }),
    retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 15_000 },
  });
}

/** How long an end waits for the room's own record before the join calls count. */
const ATTENDANCE_LIMIT_MS = 60_000;
/** A room that can't be closed for this long has ended by itself (the vendor's limit for an empty one). */
const CLOSE_LIMIT_MS = 3_600_000;

/** The vendors' activities with their limits; money is asked for without end. */
export function providersOf(taskQueue: string) {
  return {
    rooms: providerActivities(taskQueue),
    attendance: providerActivities(taskQueue, ATTENDANCE_LIMIT_MS),
    closing: providerActivities(taskQueue, CLOSE_LIMIT_MS),
    money: providerActivities(taskQueue),
  };
}
