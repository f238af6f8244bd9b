import {
  CancellationScope,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { PayoutRecordActivities, PayoutSendingActivities } from '../activities/payout-types.js';
import type { PayoutInput, PayoutProgress } from './payout-messages.js';
import { PROVIDERS_QUEUE_SUFFIX } from './queues.js';

/** Payouts sent at the same time: far below what Stripe lets through. */
const AT_ONCE = 20;

const records = proxyLocalActivities<PayoutRecordActivities>({
  startToCloseTimeout: 15_000,
  localRetryThreshold: 30_000,
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
});

/**
 * Sends every payout of a batch, each until its rail takes or refuses it. The rows in PostgreSQL are the truth; a
 * cancellation from the Temporal UI changes nothing: the money has left the payables already.
 */
export async function payout(input: PayoutInput): Promise<PayoutProgress> {
  return CancellationScope.nonCancellable(() => sendAll(input));
}

async function sendAll({ batchId, progress = { sent: 0, failed: 0 } }: PayoutInput): Promise<PayoutProgress> {
  const { taskQueue } = workflowInfo();
  const rails = proxyActivities<PayoutSendingActivities>({
    taskQueue: taskQueue + PROVIDERS_QUEUE_SUFFIX,
    startToCloseTimeout: 45_000, // two calls of up to 10 s each, repeated once
    retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 60_000 },
  });
  let { sent, failed } = progress;
  for (;;) {
    setCurrentDetails(`### payouts on their way\n\n- **sent** ${sent}\n- **refused** ${failed}`);
    const ids = await records.pendingPayouts({ batchId, limit: AT_ONCE });
    if (ids.length === 0) break;
    const answers = await Promise.all(ids.map((id) => rails.sendPayout(id)));
    sent += answers.filter((answer) => answer === 'sent').length;
    failed += answers.filter((answer) => answer === 'failed').length;
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof payout>({ batchId, progress: { sent, failed } });
    }
  }
  setCurrentDetails(`### all payouts are settled\n\n- **sent** ${sent}\n- **refused** ${failed}`);
  return { sent, failed };
}
