import { sql } from 'kysely';
import type { Account } from './accounts.js';
import type { Trx } from './database.js';

/**
 * What a wallet's balance consists of: credits by where they came from. What is spent is taken from promotions first,
 * then from the oldest; what is given back returns to the lots it came from. Invariant: the sum of what remains in a
 * wallet's lots is its available balance. The caller holds the wallet's lock.
 */
export interface NewLot {
  kind: 'top_up' | 'payment' | 'refund' | 'promotion';
  /** The payment it came from, to whose source it can go back; null for promotions. */
  paymentId: string | null;
  amountMinor: number;
}

/** Adds a credit to a wallet. */
export async function addLot(trx: Trx, wallet: Account, lot: NewLot): Promise<void> {
  if (lot.amountMinor === 0) return;
  await trx
    .insertInto('walletLot')
    .values({ account: wallet.code, ...lot, remainingMinor: lot.amountMinor })
    .execute();
}

/** One lot and how much of it is meant. */
export interface LotShare {
  lotId: string;
  amountMinor: number;
}

/**
 * Takes an amount out of the wallet's lots, promotions first, then the oldest; or, `ofPayment`, out of what one payment
 * brought. @returns the shares, or null (nothing taken) when that much does not remain
 */
export async function takeFromLots(
  trx: Trx,
  wallet: Account,
  amountMinor: number,
  ofPayment?: string,
): Promise<LotShare[] | null> {
  let query = trx
    .selectFrom('walletLot')
    .where('account', '=', wallet.code)
    .where('remainingMinor', '>', 0)
    .select(['id', 'remainingMinor'])
    .orderBy(sql`kind = 'promotion'`, 'desc')
    .orderBy('id');
  if (ofPayment !== undefined) query = query.where('paymentId', '=', ofPayment);
  const shares: LotShare[] = [];
  let missing = amountMinor;
  for (const { id, remainingMinor } of await query.execute()) {
    if (missing === 0) break;
    const taken = Math.min(missing, remainingMinor);
    shares.push({ lotId: id, amountMinor: taken });
    missing -= taken;
  }
  if (missing > 0) return null;
  await addToLots(trx, shares, -1);
  return shares;
}

/** Gives shares back to the lots they came from. */
export async function giveBackToLots(trx: Trx, shares: readonly LotShare[]): Promise<void> {
  await addToLots(trx, shares, 1);
}

async function addToLots(trx: Trx, shares: readonly LotShare[], sign: 1 | -1): Promise<void> {
  for (const { lotId, amountMinor } of shares) {
    await trx
      .updateTable('walletLot')
      .set({ remainingMinor: sql`remaining_minor + ${sign * amountMinor}` })
      .where('id', '=', lotId)
      .execute();
  }
}

/** Credits of a payment that stay in the wallet after their appointment fell through are refunds from then on. */
export async function turnIntoRefund(trx: Trx, paymentId: string): Promise<void> {
  await trx
    .updateTable('walletLot')
    .set({ kind: 'refund' })
    .where('paymentId', '=', paymentId)
    .where('kind', '=', 'payment')
    .execute();
}
