import { razorpayId, unixNow } from '../ids.js';
import { badRequest } from './errors.js';
import type { RazorpayModel } from './model.js';
import type { Payment } from './objects.js';

export interface RazorpayDispute {
  id: string;
  entity: 'dispute';
  payment_id: string;
  amount: number;
  currency: string;
  /** 0 unless it was lost. */
  amount_deducted: number;
  reason_code: string;
  respond_by: number;
  status: 'open' | 'under_review' | 'won' | 'lost' | 'closed';
  phase: 'fraud' | 'retrieval' | 'chargeback';
  created_at: number;
  evidence: Record<string, unknown>;
}

/** What a bank says when it disputes; what is left out: all of the payment, a week. */
export interface NewDispute {
  reason: string | null;
  amountMinor: number | null;
  evidenceDueAt: Date | null;
  /** A retrieval request: the bank asks, no money is claimed. */
  isInquiry: boolean;
}

const PROOFS =
  'summary shipping_proof billing_proof cancellation_proof customer_communication proof_of_service ' +
  'explanation_letter refund_confirmation access_activity_log refund_cancellation_policy term_and_conditions others ' +
  'submitted_at';

/** The dispute of a payment that no bank has decided yet. */
export function openDisputeOf(model: RazorpayModel, paymentId: string): RazorpayDispute | undefined {
  return model.disputes.find(
    ({ payment_id, status }) => payment_id === paymentId && (status === 'open' || status === 'under_review'),
  );
}

/** True while refunds of the payment are refused: a chargeback is open, or was lost. */
export function refusesRefunds(model: RazorpayModel, paymentId: string): boolean {
  const refuses = ({ phase, status }: RazorpayDispute) =>
    phase === 'chargeback' && (status === 'open' || status === 'under_review' || status === 'lost');
  return model.disputes.find((dispute) => dispute.payment_id === paymentId && refuses(dispute)) !== undefined;
}

/** @throws RazorpayFailure when the payment is disputed already, was never captured, or the amount is more than it */
export function openDispute(model: RazorpayModel, paymentId: string, asked: NewDispute): RazorpayDispute {
  const payment = model.payment(paymentId);
  if (!payment.captured) throw badRequest('Only a captured payment can be disputed');
  if (openDisputeOf(model, paymentId)) throw badRequest('The payment is disputed already');
  const amount = asked.amountMinor ?? payment.amount;
  if (amount > payment.amount) throw badRequest('More than was paid', 'amount');
  const dispute = newDispute(payment, amount, asked);
  model.disputes.put(dispute.id, dispute);
  model.emit('payment.dispute.created', { payment, dispute });
  return dispute;
}

/** The bank decides, after evidence went in; an inquiry is only ever closed. @throws RazorpayFailure when there is none */
export function decideDispute(model: RazorpayModel, paymentId: string, status: 'won' | 'lost' | 'closed') {
  const payment = model.payment(paymentId);
  const dispute = openDisputeOf(model, paymentId);
  if (!dispute) throw badRequest('The payment has no open dispute');
  if (dispute.phase === 'retrieval' && status !== 'closed') throw badRequest('An inquiry can only be closed');
  if (status !== 'closed') {
    const evidence = { ...dispute.evidence, summary: 'the session took place', submitted_at: unixNow() };
    const reviewed = model.disputes.change(dispute.id, { status: 'under_review', evidence });
    model.emit('payment.dispute.under_review', { payment, dispute: reviewed });
  }
  const amount_deducted = status === 'lost' ? dispute.amount : 0;
  const decided = model.disputes.change(dispute.id, { status, amount_deducted });
  model.emit(`payment.dispute.${status}`, { payment, dispute: decided });
  return decided;
}

function newDispute(payment: Payment, amount: number, asked: NewDispute): RazorpayDispute {
  const { reason, evidenceDueAt, isInquiry } = asked;
  const proofs = PROOFS.split(' ').map((name) => [name, null]);
  return {
    id: razorpayId('disp'),
    entity: 'dispute',
    payment_id: payment.id,
    amount,
    currency: payment.currency,
    amount_deducted: 0,
    reason_code: reason ?? 'chargeback',
    respond_by: evidenceDueAt === null ? unixNow() + 7 * 24 * 3600 : Math.floor(evidenceDueAt.getTime() / 1000),
    status: 'open',
    phase: isInquiry ? 'retrieval' : 'chargeback',
    created_at: unixNow(),
    evidence: { amount, ...Object.fromEntries(proofs) },
  };
}
