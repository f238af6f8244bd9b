/** Names and inputs of a payout batch's workflow. */

export const PAYOUT_WORKFLOW = 'payout';

/** One batch, one workflow. */
export function payoutWorkflowId(batchId: string): string {
  return `payout-${batchId}`;
}

export interface PayoutInput {
  batchId: string;
  /** How it went before the history was cut. */
  progress?: PayoutProgress;
}

export interface PayoutProgress {
  sent: number;
  failed: number;
}
