import { randomUUID } from 'node:crypto';
import { refundAfterEnd } from '../../db/admin-refunds.js';
import { reverseDisputedEarnings } from '../../db/dispute-reversal.js';
import { applyDispute, type DisputeNews } from '../../db/disputes.js';
import { createPayoutBatch, failPayout, markPayoutSent } from '../../db/payouts.js';
import { settleRefund, type RefundNews } from '../../db/refunds.js';
import type { Appointment, Deed } from './life-steps.js';
import { choose, CURRENCIES, type Charge, type Model } from './model.js';
import type { Step } from './step.js';

const REFUND_NEWS = ['pending', 'succeeded', 'succeeded', 'succeeded', 'refused'] as const;

/** What a provider says of one of the latest refunds, in any order and again. */
export async function refundNews({ db }: Model, { pick, a, b }: Step): Promise<Deed | null> {
  const refunds = await db
    .selectFrom('refund')
    .where('destination', '=', 'source')
    .select(['id', 'status'])
    .orderBy('id', 'desc')
    .limit(12)
    .execute();
  const open = refunds.filter(({ status }) => status === 'pending' || status === 'processing');
  const among = open.length > 0 && a % 4 !== 0 ? open : refunds;
  if (among.length === 0) return null;
  const { id } = choose(among, pick);
  const status = choose(REFUND_NEWS, b);
  const anothers = b % 29 === 0; // the provider's refund is one that another of ours has
  const providerRef = status === 'refused' && a % 2 === 0 ? null : `re_${anothers ? choose(refunds, b).id : id}`;
  const news: RefundNews = { status, providerRef, failureCode: status === 'refused' ? 'expired_card' : null };
  return async (each) => `refund ${String(await settleRefund(each, id, news))}`;
}

const DISPUTE_NEWS = ['inquiry', 'open', 'open', 'won', 'lost'] as const;

/** A bank's dispute of a charge: opened, growing, won or lost, told in any order and again. */
export function dispute(model: Model, { pick, a, b }: Step): Deed | null {
  const charges = [...model.charges.values()];
  if (charges.length === 0) return null;
  if (model.disputes.length === 0 || pick % 3 === 0) {
    const charge = choose(charges.slice(-20), a);
    model.disputes.push({ ref: `dp_${randomUUID()}`, charge });
  }
  const { ref, charge } = choose(model.disputes.slice(-6), b);
  const news = disputeNews(ref, charge, choose(DISPUTE_NEWS, a >> 5), b);
  return async (db) => {
    const { outcome } = await db.transaction().execute((trx) => applyDispute(trx, news));
    return `dispute ${news.status}: ${outcome}`;
  };
}

function disputeNews(ref: string, charge: Charge, status: DisputeNews['status'], number: number): DisputeNews {
  const { object, chargeRef, currency, amountMinor } = charge;
  return {
    provider: object.provider,
    disputeRef: ref,
    status,
    amountMinor: number % 5 === 0 ? Math.ceil(amountMinor / 3) : amountMinor,
    currency,
    reason: 'fraudulent',
    evidenceDueAt: null,
    paymentRef: object.providerRef,
    chargeRef,
    paymentId: object.paymentId,
  };
}

export function payOut(model: Model, { a, b }: Step): Deed {
  const batch = {
    id: randomUUID(),
    currency: choose(CURRENCIES, a),
    rail: choose(['csv', 'csv', 'stripe_connect'] as const, b),
    createdBy: model.admin.id,
  };
  return async (db) => ((await createPayoutBatch(db, batch)) ? 'paid out' : 'nothing to pay out');
}

export async function payoutNews({ db }: Model, { pick, a }: Step): Promise<Deed | null> {
  const payouts = await db.selectFrom('payout').select('id').orderBy('id', 'desc').limit(6).execute();
  if (payouts.length === 0) return null;
  const { id } = choose(payouts, pick);
  return async (each) => {
    if (a % 4 === 0) await failPayout(each, id, 'account_closed');
    else await markPayoutSent(each, id, `tr_${id}`);
    return a % 4 === 0 ? 'payout failed' : 'payout sent';
  };
}

/** An admin returns all, or a part, or more than there is, of what a session was charged. */
export function adminRefund(model: Model, { id: appointmentId }: Appointment, { a, b }: Step): Deed {
  const amountMinor = choose([null, (b % 1_000) + 1, (b % 1_000) + 1, 10_000_000], a);
  const actor = { role: 'admin', id: model.admin.id } as const;
  const wish = { id: randomUUID(), appointmentId, amountMinor, reason: 'walk', actor };
  return async (db) => `refund ${(await refundAfterEnd(db, wish)).destination}`;
}

/** An admin lets therapist and fee bear a lost dispute; of one that is not lost nothing moves. */
export async function reverseEarnings({ db, admin }: Model, { pick }: Step): Promise<Deed | null> {
  const disputes = await db.selectFrom('dispute').select('id').orderBy('status', 'desc').limit(8).execute();
  if (disputes.length === 0) return null;
  const { id } = choose(disputes, pick);
  const by = { actor: { role: 'admin' as const, id: admin.id }, reason: 'walk' };
  return async (each) => (await reverseDisputedEarnings(each, id, by)).outcome;
}
