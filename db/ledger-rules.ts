import { sql, type RawBuilder } from 'kysely';

/**
 * The invariants of the money, each as a query for what breaks it; docs/money.md says what to do about each. All of
 * them hold between any two transactions, so they are read from one snapshot.
 */
export const LEDGER_RULES = {
  /** Double entry: nothing appears and nothing is lost. */
  transactions_sum_to_zero: sql`
    select transaction_id as transaction, currency, sum(amount_minor) as sum_minor
    from ledger_entry group by transaction_id, currency having sum(amount_minor) <> 0`,

  /** Currencies never mix: within a transaction, nor in an account. */
  one_currency: sql`
    select e.transaction_id as transaction, array_agg(distinct e.currency) as currencies, array_agg(distinct a.code) as accounts
    from ledger_entry e join account a on a.code = e.account
    group by e.transaction_id
    having count(distinct e.currency) > 1 or bool_or(e.currency <> a.currency)`,

  balances_equal_entries: sql`
    select a.code as account, a.balance_minor, coalesce(sum(e.amount_minor), 0) as entries_minor
    from account a left join ledger_entry e on e.account = a.code
    group by a.code, a.balance_minor having a.balance_minor <> coalesce(sum(e.amount_minor), 0)`,

  held_equals_holds: sql`
    select a.code as account, a.held_minor, coalesce(sum(h.amount_minor), 0) as holds_minor
    from account a left join hold h on h.account = a.code and h.status = 'held'
    group by a.code, a.held_minor having a.held_minor <> coalesce(sum(h.amount_minor), 0)`,

  /** A client's wallet never goes below what is held of it. */
  available_not_negative: sql`
    select code as account, balance_minor, held_minor from account
    where kind = 'client_wallet' and balance_minor < held_minor`,

  /** What remains of a wallet's credits is what is available of it. */
  credits_equal_available: sql`
    select a.code as account, a.balance_minor - a.held_minor as available_minor, coalesce(sum(l.remaining_minor), 0) as credits_minor
    from account a left join wallet_lot l on l.account = a.code
    where a.kind = 'client_wallet'
    group by a.code, a.balance_minor, a.held_minor
    having a.balance_minor - a.held_minor <> coalesce(sum(l.remaining_minor), 0)`,

  /** A hold that stands was taken out of credits, all of it. */
  holds_equal_credits_used: sql`
    select h.appointment_id as appointment, h.amount_minor, coalesce(sum(u.amount_minor), 0) as used_minor
    from hold h left join lot_use u on u.appointment_id = h.appointment_id
    where h.status = 'held'
    group by h.appointment_id, h.amount_minor having h.amount_minor <> coalesce(sum(u.amount_minor), 0)`,

  /** Settled: one posting of at most what was held. Otherwise none. Over: it says when. */
  holds_resolve_once: sql`
    select h.appointment_id as appointment, h.status, h.amount_minor, count(x.id) as settlements, coalesce(sum(x.charged), 0) as charged_minor
    from hold h left join lateral (
      select x.id, -sum(e.amount_minor) as charged
      from ledger_transaction x left join ledger_entry e on e.transaction_id = x.id and e.account = h.account
      where x.appointment_id = h.appointment_id and x.kind = 'settle' group by x.id
    ) x on true
    group by h.appointment_id, h.status, h.amount_minor, h.resolved_at
    having count(x.id) <> case h.status when 'settled' then 1 else 0 end
      or coalesce(sum(x.charged), 0) > h.amount_minor
      or (h.resolved_at is null) <> (h.status = 'held')`,

  /** What a provider captured for a payment is what was funded for it. */
  captured_equals_funded: sql`
    select p.id as payment, p.captured_minor, coalesce(f.funded, 0) as funded_minor
    from payment p left join (
      select x.payment_id, -sum(e.amount_minor) as funded
      from ledger_transaction x join ledger_entry e on e.transaction_id = x.id
      join account a on a.code = e.account and a.kind in ('stripe_clearing', 'razorpay_clearing')
      where x.kind in ('fund', 'top_up') group by x.payment_id
    ) f on f.payment_id = p.id
    where p.captured_minor <> coalesce(f.funded, 0)`,

  /** Nothing is returned twice: refunds under way, refunds done and disputes together. */
  returns_within_captured: sql`
    select id as payment, captured_minor, refunding_minor, refunded_minor, disputed_minor from payment
    where refunding_minor + refunded_minor + disputed_minor > captured_minor
      or least(refunding_minor, refunded_minor, disputed_minor) < 0`,

  /** A payment's sums are those of its refunds to the source. */
  refunds_equal_payment_sums: sql`
    select p.id as payment, p.refunding_minor, p.refunded_minor, r.open as open_refunds_minor, r.done as done_refunds_minor
    from payment p left join lateral (
      select coalesce(sum(amount_minor) filter (where status in ('pending', 'processing')), 0) as open,
        coalesce(sum(amount_minor) filter (where status = 'completed'), 0) as done
      from refund where payment_id = p.id and destination = 'source'
    ) r on true
    where p.refunding_minor <> r.open or p.refunded_minor <> r.done`,

  /** What is on its way back belongs to open refunds. */
  refund_pending_equals_open_refunds: sql`
    select coalesce(a.currency, r.currency) as currency, coalesce(a.balance_minor, 0) as balance_minor, coalesce(r.open, 0) as open_refunds_minor
    from (select currency, balance_minor from account where kind = 'refund_pending') a
    full join (
      select currency, sum(amount_minor) as open from refund
      where destination = 'source' and status in ('pending', 'processing') group by currency
    ) r on r.currency = a.currency
    where coalesce(a.balance_minor, 0) <> coalesce(r.open, 0)`,

  /** What we owe a therapist is what their unpaid earnings come to; reversals may make it negative. */
  payables_equal_unpaid_earnings: sql`
    select coalesce(a.owner_id, e.therapist_id) as therapist, coalesce(a.currency, e.currency) as currency,
      coalesce(a.balance_minor, 0) as balance_minor, coalesce(e.unpaid, 0) as unpaid_minor
    from (select owner_id, currency, balance_minor from account where kind = 'therapist_payable') a
    full join (
      select therapist_id, currency, sum(net_minor) as unpaid from earning_entry
      where payout_id is null group by therapist_id, currency
    ) e on e.therapist_id = a.owner_id and e.currency = a.currency
    where coalesce(a.balance_minor, 0) <> coalesce(e.unpaid, 0)`,

  /** What a payment has lost to banks, for the time being or for good, is what its disputes count. */
  disputed_equals_counted: sql`
    select p.id as payment, p.disputed_minor, coalesce(sum(d.counted_minor), 0) as counted_minor
    from payment p left join dispute d on d.payment_id = p.id
    group by p.id, p.disputed_minor having p.disputed_minor <> coalesce(sum(d.counted_minor), 0)`,

  /** What banks have taken back for the time being belongs to open disputes. */
  disputed_equals_open_disputes: sql`
    select coalesce(a.currency, d.currency) as currency, coalesce(a.balance_minor, 0) as balance_minor, coalesce(d.open, 0) as open_disputes_minor
    from (select currency, balance_minor from account where kind = 'disputed') a
    full join (
      select currency, sum(counted_minor) as open from dispute where status = 'open' group by currency
    ) d on d.currency = a.currency
    where coalesce(a.balance_minor, 0) <> -coalesce(d.open, 0)`,
} as const satisfies Record<string, RawBuilder<unknown>>;

export type LedgerRule = keyof typeof LEDGER_RULES;
