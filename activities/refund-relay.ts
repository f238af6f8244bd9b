import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import { claimRefunds, markRefundsStarted, type ClaimedRefund } from '../db/refund-lists.js';
import { toMajorUnits } from '../domain/major-units.js';
import { REFUND_WORKFLOW, refundWorkflowId, type RefundInput } from '../workflows/refund-messages.js';
import { callTemporal } from './temporal-call.js';

export interface RefundRelayDependencies {
  db: Db;
  temporal: Client;
  /** The appointments' task queue. */
  taskQueue: string;
  log: Logger;
}

const BATCH = 50;

/** Starts the workflows of refunds that were asked for. @returns how many refunds were claimed */
export async function relayRefunds(deps: RefundRelayDependencies): Promise<number> {
  const claimed = await claimRefunds(deps.db, BATCH);
  await Promise.all(claimed.map((refund) => start(deps, refund)));
  return claimed.length;
}

async function start({ db, temporal, taskQueue, log }: RefundRelayDependencies, refund: ClaimedRefund): Promise<void> {
  const { id, amountMinor, currency, method } = refund;
  try {
    await callTemporal(temporal, () =>
      temporal.workflow.start(REFUND_WORKFLOW, {
        workflowId: refundWorkflowId(id),
        taskQueue,
        args: [{ refundId: id } satisfies RefundInput],
        staticSummary: `refund of ${toMajorUnits(amountMinor, currency)} ${currency} by ${method}`,
        workflowIdConflictPolicy: 'USE_EXISTING',
        // One that was terminated may be started anew (set next_attempt_at): it looks before it sends.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
    await markRefundsStarted(db, [id]);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) await markRefundsStarted(db, [id]);
    else log.warn({ refundId: id, error: String(error) }, 'a refund could not be started; the relay tries again');
  }
}
