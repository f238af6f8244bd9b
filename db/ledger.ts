import { sql, type RawBuilder } from 'kysely';
import type { Account } from './accounts.js';
import type { Trx } from './database.js';
import { sendAhead } from './patience.js';

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

/** Accounts that a transaction has locked already: they need no second statement. */
const lockedBy = new WeakMap<Trx, Set<string>>();

async function lockCodes(trx: Trx, codes: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ code: string }>`
    select code from account where code = any(${codes}::text[]) order by code for update`.execute(trx);
  return new Set(rows.map(({ code }) => code));
}

/** Creates accounts, which are locked by that; those that came meanwhile are others', and left out. */
async function createAccounts(trx: Trx, accounts: readonly Account[]): Promise<Set<string>> {
  const created = await trx
    .insertInto('account')
    .values(accounts)
    .onConflict((conflict) => conflict.column('code').doNothing())
    .returning('code')
    .execute();
  return new Set(created.map(({ code }) => code));
}

/** Creates missing accounts and locks all of them in the order of their codes, so that two transactions can't deadlock. */
export async function lockAccounts(trx: Trx, accounts: readonly Account[]): Promise<void> {
  const locked = lockedBy.get(trx) ?? new Set();
  lockedBy.set(trx, locked);
  const missing = new Map(accounts.filter(({ code }) => !locked.has(code)).map((one) => [one.code, one]));
  if (missing.size === 0) return;
  const codes = [...missing.keys()].toSorted();
  const found = await lockCodes(trx, codes);
  const unknown = codes.filter((code) => !found.has(code));
  if (unknown.length > 0) {
    const created = await createAccounts(
      trx,
      unknown.map((code) => missing.get(code)!),
    );
    if (created.size < unknown.length) await lockCodes(trx, unknown);
  }
  for (const code of codes) locked.add(code);
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
  await lockAccounts(
    trx,
    transaction.postings.map(({ account }) => account),
  );
  const { rows } = await posting(transaction).execute(trx);
  return rows.length > 0;
}

/** The same for accounts that the caller has locked, sent together with the transaction's next statement. */
export async function postAhead(trx: Trx, transaction: LedgerTransaction): Promise<void> {
  await sendAhead(trx, posting(transaction).compile(trx));
}

function posting(transaction: LedgerTransaction): RawBuilder<{ id: string }> {
  const postings = transaction.postings.filter(({ amountMinor }) => amountMinor !== 0);
  assertBalanced(postings);
  const { idempotencyKey, kind, appointmentId, paymentId } = transaction;
  const lines = postings.map(({ account, amountMinor }) => ({
    account: account.code,
    currency: account.currency,
    amount_minor: amountMinor,
  }));
  // Accounts are named once more: of JSON PostgreSQL expects a hundred rows, and for these it reads all accounts.
  return sql<{ id: string }>`
    with posted as (
      insert into ledger_transaction (idempotency_key, kind, appointment_id, payment_id)
      values (${idempotencyKey}, ${kind}, ${appointmentId}, ${paymentId})
      on conflict (idempotency_key) do nothing returning id
    ), line as (
      select posted.id, l.* from posted, jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        as l(account text, currency text, amount_minor bigint)
    ), entered as (
      insert into ledger_entry (transaction_id, account, currency, amount_minor)
      select id, account, currency, amount_minor from line
    ), moved as (
      update account a set balance_minor = a.balance_minor + l.sum
      from (select account, sum(amount_minor)::bigint as sum from line group by account) l
      where a.code = l.account and a.code = any(${lines.map(({ account }) => account)}::text[])
    )
    select id from posted`;
}
