import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RefundAnswer, RefundRecordActivities, RefundSendingActivities } from '../activities/types.js';
import { getRefund, refundSettled, type RefundInput, type RefundState } from './refund-messages.js';
import { PROVIDERS_QUEUE_SUFFIX } from './queues.js';

/** The first pause before a refund that is pending at the provider is asked about again; it doubles up to the last. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;

const records = proxyLocalActivities<RefundRecordActivities>({
  startToCloseTimeout: 15_000,
  localRetryThreshold: 30_000,
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
});

export interface RefundResult {
  status: RefundState['status'];
  failureCode: string | null;
}

/** Money on its way back to its source. The row in PostgreSQL is the truth; this makes sure that it ends. */
class RefundFollower {
  private readonly state: RefundState = { status: 'pending', asked: 0, asksAgainAt: null, failureCode: null };
  /** The row is said to have changed without us. */
  private told = false;
  private readonly provider = proxyActivities<RefundSendingActivities>({
    taskQueue: workflowInfo().taskQueue + PROVIDERS_QUEUE_SUFFIX,
    startToCloseTimeout: 20_000, // also how long a call is missed whose worker was killed: its repeat looks first
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 60_000 },
  });

  constructor(private readonly refundId: string) {
    setHandler(refundSettled, () => {
      this.told = true;
    });
    setHandler(getRefund, () => this.state);
  }

  async run(): Promise<RefundResult> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const { refundId } = this;
      const answer = await this.ask();
      const settled = await records.settleRefund({ refundId, answer });
      this.show({ ...settled, asksAgainAt: null });
      if (settled.status === 'completed' || settled.status === 'refused') return settled;
      if (answer !== null) await this.pause(pauseMs);
    }
  }

  /** Sends the refund, or looks how it stands; null when the row is said to have changed meanwhile. */
  private async ask(): Promise<RefundAnswer | null> {
    this.told = false;
    this.show({ asked: this.state.asked + 1, asksAgainAt: null });
    const scope = new CancellationScope();
    const asked = scope.run(() => this.provider.sendRefund(this.refundId));
    const answer = await Promise.race([asked, condition(() => this.told).then(() => null)]);
    if (answer !== null) return answer;
    scope.cancel();
    await asked.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    return null;
  }

  private async pause(ms: number): Promise<void> {
    this.show({ asksAgainAt: new Date(Date.now() + ms).toISOString() });
    await condition(() => this.told, ms, { summary: 'asks the provider again' });
  }

  private show(change: Partial<RefundState>): void {
    Object.assign(this.state, change);
    setCurrentDetails(describe(this.state));
  }
}

/** What an operator sees in the Temporal UI. */
function describe({ status, asked, asksAgainAt, failureCode }: RefundState): string {
  const titles = {
    pending: 'pending: is being sent to the provider',
    processing: 'processing: the provider has it, the money is on its way',
    completed: 'completed: the money is back at its source',
    refused: 'refused: the money is on the client’s wallet',
  };
  return [
    `### ${titles[status]}`,
    '',
    `- **asked** ${asked} ${asked === 1 ? 'time' : 'times'}`,
    `- **asks again** ${asksAgainAt ?? 'not planned'}`,
    ...(failureCode === null ? [] : [`- **refused with** \`${failureCode}\``]),
  ].join('\n');
}

/**
 * One refund to its source, from its request to its end: sent once, settled by what the provider says. A cancellation
 * from the Temporal UI changes nothing: the money has left the wallet already.
 */
export async function refund({ refundId }: RefundInput): Promise<RefundResult> {
  return CancellationScope.nonCancellable(() => new RefundFollower(refundId).run());
}
