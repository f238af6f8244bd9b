/** What the workflow of a payout batch asks of the outside. */

export interface PayoutRecordActivities {
  /** Ids of the batch's payouts that are neither sent nor failed. */
  pendingPayouts(input: { batchId: string; limit: number }): Promise<string[]>;
}

export interface PayoutSendingActivities {
  /** Sends one payout and writes down how that ended; a repeat says how it had ended. Retried without end. */
  sendPayout(payoutId: string): Promise<'sent' | 'failed'>;
}
