import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ReconcileActivities, ReconcileReport } from '../activities/reconcile-types.js';
import { PROVIDERS_QUEUE_SUFFIX } from './queues.js';

/** Three days of objects, page by page; what it did not get to, the next sweep does. */
const SWEEP_LIMIT_MS = 10 * 60_000;

/** One sweep of the schedule `reconcile-payments`; its result tells what was found. */
export async function reconcile(): Promise<ReconcileReport> {
  const { reconcilePayments } = proxyActivities<ReconcileActivities>({
    taskQueue: workflowInfo().taskQueue + PROVIDERS_QUEUE_SUFFIX,
    startToCloseTimeout: SWEEP_LIMIT_MS,
    retry: { initialInterval: 5_000, maximumAttempts: 3 },
  });
  return reconcilePayments();
}
