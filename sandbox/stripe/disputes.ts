import { stripeId, unixNow } from '../ids.js';
import { invalidRequest, refused } from './errors.js';
import type { StripeModel } from './model.js';
import type { Charge } from './objects.js';

export type DisputeStatus =
  | 'warning_needs_response'
  | 'warning_closed'
  | 'needs_response'
  | 'under_review'
  | 'won'
  | 'lost';

/** The fields the sandbox reasons about; the object has all that Stripe's has. */
export interface Dispute {
  id: string;
  object: 'dispute';
  amount: number;
  charge: string;
  created: number;
  currency: string;
  is_charge_refundable: boolean;
  payment_intent: string;
  reason: string;
  status: DisputeStatus;
  balance_transactions: object[];
  evidence_details: Record<string, unknown>;
  [field: string]: unknown;
}

/** What a bank says when it disputes; what is left out: all of the charge, `fraudulent`, a week. */
export interface NewDispute {
  reason: string | null;
  amountMinor: number | null;
  evidenceDueAt: Date | null;
  /** An inquiry before a chargeback: no money is taken yet, and the charge may still be refunded. */
  isInquiry: boolean;
}

const OPEN: readonly DisputeStatus[] = ['warning_needs_response', 'needs_response', 'under_review'];
const EVIDENCE_TEXTS =
  'access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal ' +
  'customer_communication customer_email_address customer_name customer_purchase_ip customer_signature ' +
  'duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt ' +
  'refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation ' +
  'shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number ' +
  'uncategorized_file uncategorized_text';

/** The dispute of a charge that no bank has decided yet. */
export function openDisputeOf(model: StripeModel, chargeId: string): Dispute | undefined {
  return model.disputes.find(({ charge, status }) => charge === chargeId && OPEN.includes(status));
}

/** True while Stripe refuses refunds of the charge: a chargeback is open, or was lost. */
export function refusesRefunds(model: StripeModel, chargeId: string): boolean {
  return model.disputes.find((each) => each.charge === chargeId && !each.is_charge_refundable) !== undefined;
}

/**
 * The bank disputes a charge; an inquiry that is open becomes the chargeback.
 * @throws StripeFailure when the charge is disputed already, nothing was captured, or more is disputed than that
 */
export function openDispute(model: StripeModel, chargeId: string, asked: NewDispute): Dispute {
  const charge = model.charges.get(chargeId);
  if (!charge?.captured) throw refused('charge_not_captured', 'Only a captured charge can be disputed.');
  const inquiry = openDisputeOf(model, chargeId);
  if (inquiry && (asked.isInquiry || inquiry.status !== 'warning_needs_response')) {
    throw refused('charge_disputed', `Charge ${chargeId} is disputed already.`);
  }
  const amount = asked.amountMinor ?? inquiry?.amount ?? charge.amount_captured;
  if (amount > charge.amount_captured) throw invalidRequest('amount_too_large', 'More than was captured.', 'amount');
  const dispute = inquiry ?? newDispute(charge, amount, asked);
  model.disputes.put(dispute.id, dispute);
  model.charges.change(chargeId, { disputed: true });
  if (asked.isInquiry) {
    model.events.emit('charge.dispute.created', dispute);
    return dispute;
  }
  const withdrawn = model.disputes.change(dispute.id, {
    amount,
    status: 'needs_response',
    is_charge_refundable: false,
    balance_transactions: [moved(dispute, -amount)],
  });
  model.events.emit(inquiry ? 'charge.dispute.updated' : 'charge.dispute.created', withdrawn);
  model.events.emit('charge.dispute.funds_withdrawn', withdrawn);
  return withdrawn;
}

/**
 * The bank decides: a chargeback is won or lost, an inquiry closed without one. Evidence goes in first.
 * @throws StripeFailure when there is none to decide
 */
export function decideDispute(model: StripeModel, chargeId: string, status: 'won' | 'lost' | 'warning_closed') {
  const dispute = openDisputeOf(model, chargeId);
  const isInquiry = dispute?.status === 'warning_needs_response';
  if (!dispute || isInquiry !== (status === 'warning_closed')) {
    throw refused('dispute_not_open', `Charge ${chargeId} has no dispute that could be ${status}.`);
  }
  if (!isInquiry) {
    const evidence_details = { ...dispute.evidence_details, has_evidence: true, submission_count: 1 };
    const reviewed = model.disputes.change(dispute.id, { status: 'under_review', evidence_details });
    model.events.emit('charge.dispute.updated', reviewed);
  }
  const decided = model.disputes.change(dispute.id, {
    status,
    is_charge_refundable: status !== 'lost',
    ...(status === 'won'
      ? { balance_transactions: [...dispute.balance_transactions, moved(dispute, dispute.amount)] }
      : {}),
  });
  model.events.emit('charge.dispute.closed', decided);
  if (status === 'won') model.events.emit('charge.dispute.funds_reinstated', decided);
  return decided;
}

function newDispute(charge: Charge, amount: number, { reason, evidenceDueAt, isInquiry }: NewDispute): Dispute {
  const aWeek = unixNow() + 7 * 24 * 3600;
  const texts = EVIDENCE_TEXTS.split(' ').map((name) => [name, null]);
  return {
    id: stripeId('dp'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: unixNow(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...Object.fromEntries(texts), enhanced_evidence: {} },
    evidence_details: {
      due_by: evidenceDueAt === null ? aWeek : Math.floor(evidenceDueAt.getTime() / 1000),
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: isInquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: 'visa',
        case_type: isInquiry ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    },
    reason: reason ?? 'fraudulent',
    status: isInquiry ? 'warning_needs_response' : 'needs_response',
  };
}

/** The balance transaction by which the disputed amount leaves, or comes back. */
function moved({ id, currency }: Dispute, amount: number): object {
  return {
    amount,
    available_on: unixNow(),
    balance_type: 'payments',
    created: unixNow(),
    currency,
    description: amount < 0 ? 'Chargeback withdrawal' : 'Chargeback reversal',
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    id: stripeId('txn'),
    net: amount,
    object: 'balance_transaction',
    reporting_category: amount < 0 ? 'dispute' : 'dispute_reversal',
    source: id,
    status: 'available',
    type: 'adjustment',
  };
}
