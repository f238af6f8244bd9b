import { defineQuery, defineSignal } from '@temporalio/workflow';

/** Names, inputs and answers of everything that is said to a refund's workflow. */

export const REFUND_WORKFLOW = 'refund';

/** One refund, one workflow. */
export function refundWorkflowId(refundId: string): string {
  return `refund-${refundId}`;
}

export interface RefundInput {
  refundId: string;
}

/** Answer of `getRefund`. */
export interface RefundState {
  status: 'pending' | 'processing' | 'completed' | 'refused';
  /** How often the provider was asked so far. */
  asked: number;
  /** When the provider is asked again, RFC 3339; null while it is being asked, and at the end. */
  asksAgainAt: string | null;
  failureCode: string | null;
}

/** The refund's row has changed: a provider's event was stored and settled. Carries nothing that counts. */
export const refundSettled = defineSignal<[unknown?]>('refundSettled');
export const getRefund = defineQuery<RefundState>('getRefund');
