import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import { claimPayoutBatches, markBatchStarted } from '../db/payout-sending.js';
import { PAYOUT_WORKFLOW, payoutWorkflowId, type PayoutInput } from '../workflows/payout-messages.js';
import { callTemporal } from './temporal-call.js';

export interface PayoutRelayDependencies {
  db: Db;
  temporal: Client;
  /** The appointments' task queue. */
  taskQueue: string;
  log: Logger;
}

const BATCHES = 10;

/** Starts the workflows of payout batches that the API could not start. @returns how many batches were claimed */
export async function relayPayouts(deps: PayoutRelayDependencies): Promise<number> {
  const claimed = await claimPayoutBatches(deps.db, BATCHES);
  await Promise.all(claimed.map((batchId) => start(deps, batchId)));
  return claimed.length;
}

async function start({ db, temporal, taskQueue, log }: PayoutRelayDependencies, batchId: string): Promise<void> {
  try {
    await callTemporal(temporal, () =>
      temporal.workflow.start(PAYOUT_WORKFLOW, {
        workflowId: payoutWorkflowId(batchId),
        taskQueue,
        args: [{ batchId } satisfies PayoutInput],
        workflowIdConflictPolicy: 'USE_EXISTING',
        // One that was terminated may be started anew (set next_attempt_at): what is sent is not sent again.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
    await markBatchStarted(db, batchId);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) await markBatchStarted(db, batchId);
    else log.warn({ batchId, error: String(error) }, 'a payout batch could not be started; the relay tries again');
  }
}
