import { sql } from 'kysely';
import { clearing, clientReceivable, clientWallet, disputed, disputeLoss, type Account } from './accounts.js';
import type { Trx } from './database.js';
import type { Dispute } from './disputes.js';
import { lockAccounts, post } from './ledger.js';
import { takeFromLots } from './lots.js';
import type { Payment } from './payments.js';

/** The ledger's side of disputes. The caller holds the payment's lock. Amounts are minor units of the payment. */

type ProviderPayment = Payment & { method: 'stripe' | 'razorpay' };

function assertProvider(payment: Payment): asserts payment is ProviderPayment {
  if (payment.method === 'wallet') throw new Error(`payment ${payment.id} is from a wallet: no bank can dispute it`);
}

/**
 * Counts what is disputed as gone for now: clearing to `disputed`. Never more than the payment still has; what a dispute
 * claims beyond that (it was refunded before, or has not arrived) shows in attention. @returns what was added
 */
export async function countDispute(trx: Trx, payment: Payment, dispute: Dispute): Promise<number> {
  assertProvider(payment);
  const { id, amountMinor, countedMinor, currency } = dispute;
  const { capturedMinor, refundedMinor, refundingMinor, disputedMinor } = payment;
  const roomMinor = capturedMinor - refundedMinor - refundingMinor - disputedMinor;
  const addedMinor = currency === payment.currency ? Math.min(amountMinor - countedMinor, roomMinor) : 0;
  if (addedMinor <= 0) return 0;
  await post(trx, {
    idempotencyKey: `dispute_opened:${id}:${countedMinor}`,
    kind: 'dispute_opened',
    appointmentId: payment.appointmentId,
    paymentId: payment.id,
    postings: [
      { account: clearing(payment.method, currency), amountMinor: addedMinor },
      { account: disputed(currency), amountMinor: -addedMinor },
    ],
  });
  await changeCounted(trx, payment, dispute, addedMinor);
  return addedMinor;
}

async function changeCounted(trx: Trx, payment: Payment, dispute: Dispute, byMinor: number): Promise<void> {
  await trx
    .updateTable('payment')
    .set({ disputedMinor: sql`disputed_minor + ${byMinor}` })
    .where('id', '=', payment.id)
    .execute();
  await trx
    .updateTable('dispute')
    .set({ countedMinor: sql`counted_minor + ${byMinor}` })
    .where('id', '=', dispute.id)
    .execute();
}

/** Won: what was counted is back at the provider. One that was never counted (won before it was opened) moves nothing. */
export async function releaseDispute(trx: Trx, payment: Payment, dispute: Dispute): Promise<void> {
  assertProvider(payment);
  const { id, countedMinor, currency } = dispute;
  if (countedMinor === 0) return;
  await post(trx, {
    idempotencyKey: `dispute_won:${id}`,
    kind: 'dispute_won',
    appointmentId: payment.appointmentId,
    paymentId: payment.id,
    postings: [
      { account: disputed(currency), amountMinor: countedMinor },
      { account: clearing(payment.method, currency), amountMinor: -countedMinor },
    ],
  });
  await changeCounted(trx, payment, dispute, -countedMinor);
}

/** All that a lost dispute may move, locked at once: what is counted and lost in one transaction would else lock twice. */
export async function lockLossAccounts(trx: Trx, payment: Payment, currency: string): Promise<void> {
  assertProvider(payment);
  const { method, clientId } = payment;
  const own = [clientWallet(clientId, currency), clientReceivable(clientId, currency)];
  await lockAccounts(trx, [...own, clearing(method, currency), disputed(currency), disputeLoss(currency)]);
}

/**
 * Lost: who bears it. What of this very payment lies free in the client's wallet is taken back; what is held for a
 * session, or was charged for the payment's own, is the platform's loss (an admin may reverse the earnings); what the
 * client spent otherwise the client owes. It stays counted in the payment: it can never be refunded.
 */
export async function loseDispute(trx: Trx, payment: Payment, dispute: Dispute, lostMinor: number): Promise<void> {
  if (lostMinor <= 0) return;
  const { id: paymentId, appointmentId, clientId } = payment;
  const { currency } = dispute;
  const wallet = clientWallet(clientId, currency);
  const owed = clientReceivable(clientId, currency);
  await lockAccounts(trx, [wallet, owed, disputed(currency), disputeLoss(currency)]);
  const fromWalletMinor = await takeFree(trx, wallet, paymentId, lostMinor);
  const restMinor = lostMinor - fromWalletMinor;
  const borne = await borneSoFar(trx, payment, currency);
  const platformsMinor = (await heldMinor(trx, paymentId)) + (await chargedMinor(trx, payment)) - borne.lossMinor;
  const lossMinor = Math.max(0, Math.min(restMinor, platformsMinor));
  await post(trx, {
    idempotencyKey: `dispute_lost:${dispute.id}:${dispute.countedMinor}:${lostMinor}`,
    kind: 'dispute_lost',
    appointmentId,
    paymentId,
    postings: [
      { account: disputed(currency), amountMinor: lostMinor },
      { account: wallet, amountMinor: -fromWalletMinor },
      { account: disputeLoss(currency), amountMinor: -lossMinor },
      { account: owed, amountMinor: -(restMinor - lossMinor) },
    ],
  });
}

/**
 * After a lost dispute, money of that payment may come back to the wallet (the session it was held for is cancelled):
 * it is taken for what the client owes and then for the platform's loss. @returns what was recovered
 */
export async function recoverLosses(trx: Trx, payment: Payment): Promise<number> {
  const { id: paymentId, appointmentId, clientId, currency } = payment;
  const wallet = clientWallet(clientId, currency);
  const owed = clientReceivable(clientId, currency);
  await lockAccounts(trx, [wallet, owed, disputeLoss(currency)]);
  const { lossMinor, owedMinor, transactions } = await borneSoFar(trx, payment, currency);
  const recoveredMinor = await takeFree(trx, wallet, paymentId, lossMinor + owedMinor);
  if (recoveredMinor === 0) return 0;
  const towardsOwedMinor = Math.min(recoveredMinor, owedMinor);
  await post(trx, {
    idempotencyKey: `dispute_recovered:${paymentId}:${transactions}`,
    kind: 'dispute_lost',
    appointmentId,
    paymentId,
    postings: [
      { account: wallet, amountMinor: -recoveredMinor },
      { account: owed, amountMinor: towardsOwedMinor },
      { account: disputeLoss(currency), amountMinor: recoveredMinor - towardsOwedMinor },
    ],
  });
  return recoveredMinor;
}

/** Takes up to `mostMinor` of what the payment brought and nobody holds or spent. @returns what was taken */
async function takeFree(trx: Trx, wallet: Account, paymentId: string, mostMinor: number): Promise<number> {
  const { freeMinor } = await trx
    .selectFrom('walletLot')
    .where('account', '=', wallet.code)
    .where('paymentId', '=', paymentId)
    .select(sql<number>`coalesce(sum(remaining_minor), 0)::bigint`.as('freeMinor'))
    .executeTakeFirstOrThrow();
  const taken = Math.min(mostMinor, freeMinor);
  if (taken > 0) await takeFromLots(trx, wallet, taken, paymentId);
  return taken;
}

/** What of the payment is held for sessions to come. */
async function heldMinor(trx: Trx, paymentId: string): Promise<number> {
  const { minor } = await trx
    .selectFrom('lotUse as u')
    .innerJoin('walletLot as l', 'l.id', 'u.lotId')
    .innerJoin('hold as h', 'h.appointmentId', 'u.appointmentId')
    .where('l.paymentId', '=', paymentId)
    .where('h.status', '=', 'held')
    .select(sql<number>`coalesce(sum(u.amount_minor), 0)::bigint`.as('minor'))
    .executeTakeFirstOrThrow();
  return minor;
}

/** What its own appointment was charged; 0 for a top-up, whose sessions the client owes after a lost dispute. */
async function chargedMinor(trx: Trx, { id, appointmentId }: Payment): Promise<number> {
  if (appointmentId === null) return 0;
  const { minor } = await trx
    .selectFrom('ledgerTransaction as t')
    .innerJoin('ledgerEntry as e', 'e.transactionId', 't.id')
    .where('t.idempotencyKey', '=', `settle:${appointmentId}`)
    .where('t.paymentId', '=', id)
    .where('e.account', 'like', 'client_wallet:%')
    .select(sql<number>`coalesce(-sum(e.amount_minor), 0)::bigint`.as('minor'))
    .executeTakeFirstOrThrow();
  return minor;
}

/** What lost disputes of the payment have cost the platform and made the client owe, less what was got back since. */
export async function borneSoFar(trx: Trx, payment: Payment, currency: string) {
  const of = ({ code }: Account) =>
    sql<number>`coalesce(-sum(e.amount_minor) filter (where e.account = ${code}), 0)::bigint`;
  return trx
    .selectFrom('ledgerTransaction as t')
    .innerJoin('ledgerEntry as e', 'e.transactionId', 't.id')
    .where('t.paymentId', '=', payment.id)
    .where('t.kind', 'in', ['dispute_lost', 'earnings_reversed'])
    .select([
      of(disputeLoss(currency)).as('lossMinor'),
      of(clientReceivable(payment.clientId, currency)).as('owedMinor'),
      sql<number>`count(distinct t.id)::bigint`.as('transactions'),
    ])
    .executeTakeFirstOrThrow();
}
