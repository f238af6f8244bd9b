import { stripeId, unixNow } from '../ids.js';
import { RefundPlans } from '../refund-plans.js';
import type { Collection, Store } from '../store.js';
import type { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { cardOutcome, type CardOutcome } from './cards.js';
import type { Dispute } from './disputes.js';
import { noSuch, refused, type StripeFailure } from './errors.js';
import { StripeEvents } from './events.js';
import { type Charge, newCharge, newIntent, type PaymentIntent, type Refund } from './objects.js';

type Decline = Extract<CardOutcome, { kind: 'declines' }>;

const CANCELABLE = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
  'processing',
];
const PARTICIPLE: Record<string, string> = { cancel: 'canceled', capture: 'captured', confirm: 'confirmed' };
const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

/** Stripe's payments: the intents, their charges and refunds, and what moves them from one status to the next. */
export class StripeModel {
  readonly intents: Collection<PaymentIntent>;
  readonly charges: Collection<Charge>;
  readonly refunds: Collection<Refund>;
  readonly disputes: Collection<Dispute>;
  readonly events: StripeEvents;
  readonly refundPlans = new RefundPlans();

  constructor(
    store: Store,
    webhooks: WebhookDispatcher,
    /** Where the payer finishes 3-D Secure. */
    private readonly payUrl: (ref: string) => string,
  ) {
    this.intents = store.collection<PaymentIntent>('stripe_intents');
    this.charges = store.collection<Charge>('stripe_charges');
    this.refunds = store.collection<Refund>('stripe_refunds');
    this.disputes = store.collection<Dispute>('stripe_disputes');
    this.events = new StripeEvents(store, webhooks);
  }

  create(fields: Partial<PaymentIntent> & { amount: number; currency: string }): PaymentIntent {
    const intent = newIntent(fields);
    this.intents.put(intent.id, intent);
    this.events.emit('payment_intent.created', intent);
    return intent;
  }

  /** @throws StripeFailure 404 */
  intent(id: string): PaymentIntent {
    const intent = this.intents.get(id);
    if (!intent) throw noSuch('payment_intent', id, 'intent');
    return intent;
  }

  /**
   * Confirms with a test payment method. A decline isn't thrown: the intent carries it in `last_payment_error`.
   * @throws StripeFailure when the intent's status forbids it or the payment method is unknown.
   */
  confirm(id: string, paymentMethod: string | null, returnUrl: string | null = null): PaymentIntent {
    const intent = this.intent(id);
    if (!CONFIRMABLE.includes(intent.status)) throw unexpectedState(intent, 'confirm', CONFIRMABLE);
    const method = paymentMethod ?? intent.payment_method;
    if (!method) {
      throw refused(
        'payment_intent_unexpected_state',
        "You cannot confirm this PaymentIntent because it's missing a payment method.",
        { payment_intent: intent },
      );
    }
    const outcome = cardOutcome(method);
    if (!outcome) throw noSuch('PaymentMethod', method, 'payment_method');
    const attempted = this.intents.change(id, { payment_method: method, last_payment_error: null, next_action: null });
    return this.#settle(attempted, outcome, returnUrl);
  }

  /** The payer finishes 3-D Secure. @throws StripeFailure unless it waits for that. */
  authenticate(id: string, passes: boolean): PaymentIntent {
    const intent = this.intent(id);
    if (intent.status !== 'requires_action') throw unexpectedState(intent, 'authenticate', ['requires_action']);
    if (passes) return this.#charge(intent);
    return this.#fail(intent, null, {
      code: 'payment_intent_authentication_failure',
      message: 'The provided PaymentMethod has failed authentication.',
      type: 'invalid_request_error',
    });
  }

  /** A payment that was processing arrives, or doesn't. */
  finishProcessing(id: string, arrives: boolean): PaymentIntent {
    const intent = this.intent(id);
    if (intent.status !== 'processing') throw unexpectedState(intent, 'finish', ['processing']);
    if (arrives) return this.#charge(intent);
    const message = 'The payment was declined by the bank.';
    return this.#decline(intent, {
      kind: 'declines',
      code: 'payment_method_provider_decline',
      declineCode: 'generic_decline',
      message,
    });
  }

  /** @throws StripeFailure `payment_intent_unexpected_state` when it succeeded or is cancelled already. */
  cancel(id: string, reason: string | null): PaymentIntent {
    const intent = this.intent(id);
    if (!CANCELABLE.includes(intent.status)) throw unexpectedState(intent, 'cancel', CANCELABLE);
    const canceled = this.intents.change(id, {
      amount_capturable: 0,
      canceled_at: unixNow(),
      cancellation_reason: reason,
      next_action: null,
      status: 'canceled',
    });
    this.events.emit('payment_intent.canceled', canceled);
    return canceled;
  }

  /** Captures an intent made with `capture_method=manual`. */
  capture(id: string, amountMinor: number | null): PaymentIntent {
    const intent = this.intent(id);
    if (intent.status !== 'requires_capture') throw unexpectedState(intent, 'capture', ['requires_capture']);
    const amount = amountMinor ?? intent.amount_capturable;
    const charge = this.charges.change(intent.latest_charge ?? '', { amount_captured: amount, captured: true });
    this.events.emit('charge.captured', charge);
    return this.#succeed(intent, charge, amount);
  }

  #settle(intent: PaymentIntent, outcome: CardOutcome, returnUrl: string | null): PaymentIntent {
    switch (outcome.kind) {
      case 'succeeds':
        return this.#charge(intent);
      case 'declines':
        return this.#decline(intent, outcome);
      case 'processes': {
        const waiting = this.intents.change(intent.id, { status: 'processing' });
        this.events.emit('payment_intent.processing', waiting);
        return waiting;
      }
      case 'needs_authentication': {
        const redirect = { return_url: returnUrl, url: this.payUrl(intent.id) };
        const next_action = { redirect_to_url: redirect, type: 'redirect_to_url' };
        const waiting = this.intents.change(intent.id, { next_action, status: 'requires_action' });
        this.events.emit('payment_intent.requires_action', waiting);
        return waiting;
      }
    }
  }

  #charge(intent: PaymentIntent): PaymentIntent {
    const paid = { ...intent, payment_method: concreteMethod(intent.payment_method) };
    const charge = newCharge(paid, null);
    this.charges.put(charge.id, charge);
    if (intent.capture_method !== 'manual') return this.#succeed(paid, charge, intent.amount);
    const held = this.intents.change(intent.id, {
      amount_capturable: intent.amount,
      latest_charge: charge.id,
      next_action: null,
      payment_method: paid.payment_method,
      status: 'requires_capture',
    });
    this.events.emit('payment_intent.amount_capturable_updated', held);
    return held;
  }

  #succeed(intent: PaymentIntent, charge: Charge, amountMinor: number): PaymentIntent {
    const succeeded = this.intents.change(intent.id, {
      amount_capturable: 0,
      amount_received: amountMinor,
      last_payment_error: null,
      latest_charge: charge.id,
      next_action: null,
      payment_method: intent.payment_method,
      status: 'succeeded',
    });
    this.events.emit('charge.succeeded', charge);
    this.events.emit('payment_intent.succeeded', succeeded);
    return succeeded;
  }

  #decline(intent: PaymentIntent, { code, declineCode, message }: Decline): PaymentIntent {
    const charge = newCharge(
      { ...intent, payment_method: concreteMethod(intent.payment_method) },
      { code, declineCode, message },
    );
    this.charges.put(charge.id, charge);
    this.events.emit('charge.failed', charge);
    return this.#fail(intent, charge.id, {
      charge: charge.id,
      code,
      decline_code: declineCode,
      message,
      type: 'card_error',
    });
  }

  #fail(intent: PaymentIntent, chargeId: string | null, error: Record<string, unknown>): PaymentIntent {
    const failed = this.intents.change(intent.id, {
      last_payment_error: error,
      latest_charge: chargeId ?? intent.latest_charge,
      next_action: null,
      payment_method: null,
      status: 'requires_payment_method',
    });
    this.events.emit('payment_intent.payment_failed', failed);
    return failed;
  }
}

/** `pm_card_visa` stands for a new card each time it is used. */
function concreteMethod(method: string | null): string {
  return method?.startsWith('pm_card_') || method?.startsWith('pm_us') || !method ? stripeId('pm') : method;
}

function unexpectedState(intent: PaymentIntent, verb: string, allowed: string[]): StripeFailure {
  const message =
    `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}. ` +
    `Only a PaymentIntent with one of the following statuses may be ${PARTICIPLE[verb] ?? verb}: ${allowed.join(', ')}.`;
  return refused('payment_intent_unexpected_state', message, { payment_intent: intent });
}
