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
    .select(['e.id', 'x.kind', 'e.amountMinor', 'e.currency', 'x.appointmentId', 'x.at']);
  if (before !== null) query = query.where('e.id', '<', before);
  return query.orderBy('e.id', 'desc').limit(limit).execute();
}
