import { sql } from 'kysely';
import type { Db } from './database.js';

/** A client's wallets, one a currency; what is held can't be spent. Integer minor units. */
export function readWallets(db: Db, clientId: string) {
  return db
    .selectFrom('account')
    .where('ownerId', '=', clientId)
    .where('kind', '=', 'client_wallet')
    .select(['currency', 'balanceMinor', 'heldMinor'])
    .orderBy('currency')
    .execute();
}

/**
 * What the available balances consist of: credits with something left, in the order in which they are spent
 * (promotions, then the oldest). Their sum is the available balance.
 */
export function readCredits(db: Db, clientId: string) {
  return db
    .selectFrom('walletLot as l')
    .innerJoin('account as w', 'w.code', 'l.account')
    .where('w.ownerId', '=', clientId)
    .where('w.kind', '=', 'client_wallet')
    .where('l.remainingMinor', '>', 0)
    .select(['w.currency', 'l.id', 'l.kind', 'l.paymentId', 'l.amountMinor', 'l.remainingMinor'])
    .select(['l.expiresAt', 'l.createdAt'])
    .orderBy('w.currency')
    .orderBy(sql`l.kind = 'promotion'`, 'desc')
    .orderBy('l.id')
    .execute();
}

/** What a credit is, by the transaction that brought it; null where money leaves the wallet. */
export type CreditKind = 'top_up' | 'payment' | 'refund' | 'promotion';

/** Money that comes back, from a session, a provider that refused it or a dispute, is a refund. */
export function creditKind(kind: string, amountMinor: number): CreditKind | null {
  if (amountMinor < 0) return null;
  switch (kind) {
    case 'top_up':
      return 'top_up';
    case 'promotion':
      return 'promotion';
    case 'fund':
      return 'payment';
    default:
      return 'refund';
  }
}

/** Ledger entries of one wallet, the newest first; `before` is the id where the last page ended. */
export function walletTransactions(
  db: Db,
  clientId: string,
  currency: string,
  page: { limit: number; before: number | null },
) {
  const { limit, before } = page;
  let query = db
    .selectFrom('ledgerEntry as e')
    .innerJoin('account as w', 'w.code', 'e.account')
    .innerJoin('ledgerTransaction as x', 'x.id', 'e.transactionId')
    .where('w.ownerId', '=', clientId)
    .where('w.kind', '=', 'client_wallet')
    .where('w.currency', '=', currency)
    .select(['e.id', 'x.kind', 'e.amountMinor', 'e.currency', 'x.appointmentId', 'x.paymentId', 'x.at']);
  if (before !== null) query = query.where('e.id', '<', before);
  return query.orderBy('e.id', 'desc').limit(limit).execute();
}
