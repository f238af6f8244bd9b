import { sql, type Kysely } from 'kysely';

/** Payments, the double-entry ledger and the inbox of provider events. Amounts are integer minor units. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table payment (
      id uuid primary key default uuidv7(),
      appointment_id uuid not null references appointment,
      method text not null check (method in ('wallet', 'stripe', 'razorpay')),
      status text not null default 'pending' check (status in
        ('pending', 'processing', 'completed', 'failed', 'refunded', 'partially_refunded', 'disputed')),
      amount_minor bigint not null check (amount_minor >= 0),
      currency text not null,
      provider_ref text unique, -- PaymentIntent or order id
      charge_ref text,
      failure_code text,
      created_at timestamptz(3) not null default clock_timestamp(),
      updated_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`create index payment_of on payment (appointment_id, created_at)`.execute(db);
  await sql`
    create table provider_event (
      provider text not null,
      event_id text not null,
      type text not null,
      payment_id uuid references payment,
      payload jsonb not null,
      received_at timestamptz(3) not null default clock_timestamp(),
      handled_at timestamptz(3),
      primary key (provider, event_id)
    )`.execute(db);
  await sql`
    create table account (
      code text primary key, -- kind:owner:currency
      kind text not null,
      owner_id uuid,
      currency text not null,
      balance_minor bigint not null default 0,
      held_minor bigint not null default 0 check (held_minor >= 0),
      constraint wallet_available check (kind <> 'client_wallet' or balance_minor >= held_minor)
    )`.execute(db);
  await sql`create index account_owner on account (owner_id) where owner_id is not null`.execute(db);
  await sql`
    create table ledger_transaction (
      id uuid primary key default uuidv7(),
      idempotency_key text not null unique,
      kind text not null,
      appointment_id uuid references appointment,
      payment_id uuid references payment,
      at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`create index ledger_of on ledger_transaction (appointment_id)`.execute(db);
  await sql`
    create table ledger_entry (
      id bigint generated always as identity primary key,
      transaction_id uuid not null references ledger_transaction,
      account text not null references account,
      currency text not null,
      amount_minor bigint not null check (amount_minor <> 0) -- what we owe grows with +, what we own with -
    )`.execute(db);
  await sql`create index ledger_entry_of on ledger_entry (transaction_id)`.execute(db);
  await sql`create index ledger_entry_account on ledger_entry (account, id)`.execute(db);
  await sql`
    create table hold (
      appointment_id uuid primary key references appointment,
      account text not null references account,
      payment_id uuid not null references payment,
      amount_minor bigint not null check (amount_minor >= 0),
      currency text not null,
      status text not null default 'held' check (status in ('held', 'settled', 'voided')),
      created_at timestamptz(3) not null default clock_timestamp(),
      resolved_at timestamptz(3)
    )`.execute(db);
  await sql`
    create function ledger_entry_is_final() returns trigger language plpgsql as $$
    begin raise exception 'ledger entries are never updated or deleted'; end $$`.execute(db);
  await sql`
    create trigger ledger_entry_final before update or delete on ledger_entry
      for each row execute function ledger_entry_is_final()`.execute(db);
  await sql`
    create function ledger_transaction_sums_to_zero() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from ledger_entry where transaction_id = new.transaction_id
                 group by currency having sum(amount_minor) <> 0) then
        raise exception 'ledger transaction % does not sum to zero', new.transaction_id;
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger ledger_balanced after insert on ledger_entry
      deferrable initially deferred for each row execute function ledger_transaction_sums_to_zero()`.execute(db);
}
