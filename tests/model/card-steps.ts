import { randomUUID } from 'node:crypto';
import { recordEvidence } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { payByWallet, setProviderRef, startProviderPayment } from '../../db/payment-requests.js';
import type { Payment } from '../../db/payments.js';
import { grantPromotion } from '../../db/promotions.js';
import {
  openProviderPayments,
  recordProviderAnswer,
  storePaymentEvent,
  type PaymentNews,
} from '../../db/provider-events.js';
import { startTopUp } from '../../db/top-ups.js';
import type { Appointment, Deed } from './life-steps.js';
import { choose, CURRENCIES, type Charge, type Model, type ProviderObject } from './model.js';
import type { Step } from './step.js';

export function payFromWallet({ id }: Appointment): Deed {
  const paymentId = randomUUID();
  return async (db) => {
    await payByWallet(db, id, paymentId);
    return 'paid from the wallet';
  };
}

/** The provider's object of a payment, made once however often it is asked for: the key is the payment's. */
function objectOf(model: Model, payment: Payment): ProviderObject {
  const { id: paymentId, method, amountMinor, currency } = payment;
  const known = model.objects.find((object) => object.paymentId === paymentId);
  if (known !== undefined) return known;
  if (method === 'wallet') throw new Error('a wallet is no provider');
  const object = { provider: method, providerRef: `obj_${randomUUID()}`, paymentId, amountMinor, currency, told: [] };
  model.objects.push(object);
  return object;
}

/** Row, provider's object, and, unless that answer is lost, the row's reference. */
export function startCard(model: Model, { id }: Appointment, { a, b }: Step): Deed {
  const method = choose(['stripe', 'razorpay'] as const, a);
  return async (db) => {
    const payment = await startProviderPayment(db, id, method);
    const { providerRef } = objectOf(model, payment);
    if (b % 4 === 0) return `${method} object made, its answer lost`;
    await setProviderRef(db, payment.id, providerRef);
    return `${method} object made`;
  };
}

export function topUp(model: Model, { pick, a, b }: Step): Deed {
  const client = choose(model.clients, pick);
  const paymentId = randomUUID();
  return async (db) => {
    const started = await startTopUp(db, {
      paymentId,
      clientId: client.id,
      method: choose(['stripe', 'razorpay'] as const, a),
      currency: choose(CURRENCIES, a >> 3),
      amountMinor: 1_000 + (b % 200) * 100,
    });
    if ('refused' in started) return started.refused.code;
    const { providerRef } = objectOf(model, started.payment);
    if (b % 4 !== 0) await setProviderRef(db, paymentId, providerRef);
    return 'top-up started';
  };
}

export function promote(model: Model, { pick, a, b }: Step): Deed {
  const client = choose(model.clients, pick);
  const currency = choose(CURRENCIES, a);
  const amountMinor = 500 + (b % 100) * 90;
  const idempotencyKey = `walk:${randomUUID()}`;
  const owner = `${client.id}:${currency}`;
  model.promotionsMinor.set(owner, (model.promotionsMinor.get(owner) ?? 0) + amountMinor);
  return async (db) => {
    const grant = { idempotencyKey, clientId: client.id, currency, amountMinor };
    await db.transaction().execute((trx) => grantPromotion(trx, grant));
    return 'promotion';
  };
}

/** The charge on an object: its first, or rarely a second; rarely of another amount or currency. */
function chargeOn(model: Model, object: ProviderObject, number: number): Charge {
  const known = [...model.charges.values()].filter((charge) => charge.object === object);
  const again = number % 17 === 0;
  if (known.length > 0 && !again) return choose(known, number);
  const wrongAmount = number % 13 === 0 ? 1 : 0;
  const currency = number % 19 === 0 ? choose(CURRENCIES, number) : object.currency;
  const charge = {
    chargeRef: `ch_${randomUUID()}`,
    object,
    amountMinor: object.amountMinor + wrongAmount,
    currency,
  };
  model.charges.set(charge.chargeRef, charge);
  return charge;
}

export function successOf(charge: Charge, paymentId: string | null): PaymentNews {
  const { chargeRef, amountMinor, currency, object } = charge;
  const { providerRef } = object;
  return { status: 'succeeded', providerRef, paymentId, amountMinor, currency, chargeRef, failureCode: null };
}

const OTHER_NEWS = ['failed', 'failed', 'processing', 'authorized', 'requires_action', 'open', 'canceled'] as const;

function newsOf(model: Model, object: ProviderObject, { a, b }: Step): PaymentNews {
  const paymentId = b % 3 === 0 ? null : object.paymentId;
  if (a % 3 !== 0) return successOf(chargeOn(model, object, b >> 3), paymentId);
  const { providerRef, amountMinor, currency } = object;
  const status = choose(OTHER_NEWS, b >> 2);
  const failureCode = status === 'failed' ? 'card_declined' : null;
  return { status, providerRef, paymentId, amountMinor, currency, chargeRef: null, failureCode };
}

/** An event of one of the latest objects, in no order; one in four tells again what was told before. */
export function providerEvent(model: Model, { pick, ...step }: Step): Deed | null {
  if (model.objects.length === 0) return null;
  const object = choose(pick % 6 === 0 ? model.objects : model.objects.slice(-8), pick >> 3);
  return tellOf(model, object, { pick, ...step });
}

function tellOf(model: Model, object: ProviderObject, step: Step): Deed {
  const repeats = step.pick % 4 === 0 && object.told.length > 0;
  const told = repeats
    ? choose(object.told, step.a)
    : { eventId: `evt_${randomUUID()}`, news: newsOf(model, object, step) };
  if (!repeats) object.told.push(told);
  return async (db) => {
    const event = { provider: object.provider, eventId: told.eventId, type: 'walk', payload: {} };
    const toSignal = await storePaymentEvent(db, event, told.news);
    return `${told.news.status}${repeats ? ' again' : ''}${toSignal === null ? '' : ', to signal'}`;
  };
}

/** The question before an expiry: what was charged is told; what was not is sometimes made unpayable. */
export async function askProviders(model: Model, db: Db, appointmentId: string): Promise<void> {
  for (const payment of await openProviderPayments(db, appointmentId)) {
    const object = model.objects.find(({ paymentId }) => paymentId === payment.id);
    if (object === undefined || payment.method === 'wallet') continue;
    const charges = [...model.charges.values()].filter((charge) => charge.object === object);
    const { providerRef, amountMinor, currency } = object;
    const canceled = { amountMinor, currency, chargeRef: null, failureCode: null };
    const news: PaymentNews[] =
      charges.length > 0
        ? charges.map((charge) => successOf(charge, payment.id))
        : [{ status: 'canceled', providerRef, paymentId: payment.id, ...canceled }];
    for (const one of news) await recordProviderAnswer(db, one, payment.method);
  }
  await recordEvidence(db, appointmentId, 'payment');
}
