import { refusesRefunds } from './disputes.js';
import { invalidRequest, noSuch, refused } from './errors.js';
import type { StripeModel } from './model.js';
import { type Charge, newRefund, type Refund } from './objects.js';

export interface RefundRequest {
  charge: string | null;
  paymentIntent: string | null;
  /** Null: what is left of the charge. */
  amountMinor: number | null;
  reason: string | null;
  metadata: Record<string, string>;
}

/**
 * Refunds (a part of) a charge; it arrives at once, unless it is planned otherwise.
 * @throws StripeFailure `charge_already_refunded`, `charge_disputed`, or that more is asked for than is left.
 */
export function createRefund(model: StripeModel, request: RefundRequest): Refund {
  const charge = chargeOf(model, request);
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0 && charge.amount_refunded > 0) {
    throw refused('charge_already_refunded', `Charge ${charge.id} has already been refunded.`);
  }
  if (refusesRefunds(model, charge.id)) {
    throw refused('charge_disputed', `Charge ${charge.id} has been charged back; cannot issue a refund.`);
  }
  const amount = request.amountMinor ?? left;
  if (amount > left || left === 0) {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`;
    throw refused('amount_too_large', message, { param: 'amount' });
  }
  const plan = model.refundPlans.take();
  if (plan?.outcome === 'refused') {
    throw refused(plan.reason ?? 'charge_not_refundable', `Charge ${charge.id} cannot be refunded.`);
  }
  const made = newRefund(charge, { amount, reason: request.reason, metadata: request.metadata });
  const refund: Refund = { ...made, status: plan === null ? 'succeeded' : 'pending' };
  model.refunds.put(refund.id, refund);
  const amount_refunded = charge.amount_refunded + amount;
  const after = model.charges.change(charge.id, { amount_refunded, refunded: amount_refunded === charge.amount });
  model.events.emit('refund.created', refund);
  model.events.emit('charge.refunded', after);
  if (plan === null) model.events.emit('refund.updated', refund);
  return refund;
}

/** The bank takes a refund, or returns its money to the account's balance. */
export function finishRefund(model: StripeModel, id: string, arrives: boolean): void {
  if (arrives) {
    model.events.emit('refund.updated', model.refunds.change(id, { status: 'succeeded' }));
    return;
  }
  const failed = model.refunds.change(id, { status: 'failed', failure_reason: 'expired_or_canceled_card' });
  const charge = model.charges.get(failed.charge);
  const amount_refunded = (charge?.amount_refunded ?? 0) - failed.amount;
  model.charges.change(failed.charge, { amount_refunded, refunded: false });
  model.events.emit('refund.failed', failed);
}

function chargeOf(model: StripeModel, request: RefundRequest): Charge {
  if (!request.charge && !request.paymentIntent) {
    const message = 'One of the following params should be provided for this request: payment_intent or charge.';
    throw invalidRequest('parameter_missing', message);
  }
  if (request.charge) {
    const charge = model.charges.get(request.charge);
    if (!charge) throw noSuch('charge', request.charge, 'charge');
    return charge;
  }
  const intent = model.intents.get(request.paymentIntent ?? '');
  if (!intent) throw noSuch('payment_intent', request.paymentIntent ?? '', 'payment_intent');
  const charge = intent.status === 'succeeded' ? model.charges.get(intent.latest_charge ?? '') : undefined;
  if (!charge) {
    const message = `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`;
    throw refused('payment_intent_unexpected_state', message, { payment_intent: intent });
  }
  return charge;
}
