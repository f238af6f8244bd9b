import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { markBatchStarted } from '../db/payout-sending.js';
import { PAYOUT_WORKFLOW, payoutWorkflowId, type PayoutInput } from '../workflows/payout-messages.js';
import type { Services } from './services.js';

const START_MS = 5_000;

/** Starts the batch's workflow behind the answer; where that fails, the relay starts it later. */
export function startPayouts({ db, temporal, config, background }: Services, batchId: string): void {
  background.run('start payouts', async () => {
    try {
      await temporal.withDeadline(Date.now() + START_MS, () =>
        temporal.workflow.start(PAYOUT_WORKFLOW, {
          workflowId: payoutWorkflowId(batchId),
          taskQueue: config.taskQueue,
          args: [{ batchId } satisfies PayoutInput],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    await markBatchStarted(db, batchId);
  });
}
