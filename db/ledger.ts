import { sql } from 'kysely';
import type { Account } from './accounts.js';
import type { Trx } from './database.js';

/** One line of a transaction; amounts are signed integer minor units. */
export interface Posting {
  account: Account;
  amountMinor: number;
}

/** What a transaction is about; docs/money.md has the postings of each. */
export type TransactionKind =
  | 'top_up'
  | 'promotion'
  | 'fund'
  | 'settle'
  | 'refund_requested'
  | 'refund_completed'
  | 'refund_refused'
  | 'earnings_reversed'
  | 'dispute_opened'
  | 'dispute_won'
  | 'dispute_lost'
  | 'payout'
  | 'payout_failed';

export interface LedgerTransaction {
  /** Fixed by the cause (`settle:<appointment>`): the same transaction posts once, however often it is asked for. */
  idempotencyKey: string;
  kind: TransactionKind;
  appointmentId: string | null;
  paymentId: string | null;
  postings: Posting[];
}

/** Creates missing accounts and locks all of them in the order of their codes, so that two transactions can't deadlock. */
export async function lockAccounts(trx: Trx, accounts: readonly Account[]): Promise<void> {
  const sorted = [...new Map(accounts.map((one) => [one.code, one])).values()].sort((a, b) =>
    a.code < b.code ? -1 : 1,
  );
  await trx
    .insertInto('account')
    .values(sorted)
    .onConflict((conflict) => conflict.column('code').doNothing())
    .execute();
  await trx
    .selectFrom('account')
    .where(
      'code',
      'in',
      sorted.map(({ code }) => code),
    )
    .select('code')
    .orderBy('code')
    .forUpdate()
    .execute();
}

function assertBalanced(postings: readonly Posting[]): void {
  const sums = new Map<string, number>();
  for (const { account, amountMinor } of postings) {
    if (!Number.isSafeInteger(amountMinor))
      throw new RangeError(`amountMinor must be a safe integer, got ${amountMinor}`);
    sums.set(account.currency, (sums.get(account.currency) ?? 0) + amountMinor);
  }
  for (const [currency, sum] of sums)
    if (sum !== 0) throw new Error(`postings in ${currency} sum to ${sum}, not to zero`);
  if (sums.size > 1) throw new Error('a transaction has one currency');
}

/**
 * Posts a balanced transaction and moves the balances with it; a repeat of its key does nothing. Lines of zero are left
 * out. @returns false on a repeat. @throws Error when it does not balance; PostgreSQL's `wallet_available` when a
 * wallet would fall below what it holds.
 */
export async function post(trx: Trx, transaction: LedgerTransaction): Promise<boolean> {
  const postings = transaction.postings.filter(({ amountMinor }) => amountMinor !== 0);
  assertBalanced(postings);
  await lockAccounts(
    trx,
    transaction.postings.map(({ account }) => account),
  );
  const { idempotencyKey, kind, appointmentId, paymentId } = transaction;
  const inserted = await trx
    .insertInto('ledgerTransaction')
    .values({ idempotencyKey, kind, appointmentId, paymentId })
    .onConflict((conflict) => conflict.column('idempotencyKey').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted === undefined) return false;
  if (postings.length === 0) return true;
  await trx
    .insertInto('ledgerEntry')
    .values(
      postings.map(({ account, amountMinor }) => ({
        transactionId: inserted.id,
        account: account.code,
        currency: account.currency,
        amountMinor,
      })),
    )
    .execute();
  for (const { account, amountMinor } of postings) {
    await trx
      .updateTable('account')
      .set({ balanceMinor: sql`balance_minor + ${amountMinor}` })
      .where('code', '=', account.code)
      .execute();
  }
  return true;
}
