import { sql, type Kysely } from 'kysely';

/** Wallet credits, top-ups, refunds, disputes, earnings and payouts; and what a change of plan leaves on the row. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table appointment
      add column reschedules int not null default 0,
      add column extended_minutes int not null default 0`.execute(db);
  await sql`alter table therapist add column stripe_account text`.execute(db);
  await sql`
    alter table payment
      alter column appointment_id drop not null,
      add column client_id uuid references person,
      add column purpose text not null default 'appointment' check (purpose in ('appointment', 'top_up')),
      add column captured_minor bigint not null default 0,
      add column refunding_minor bigint not null default 0 check (refunding_minor >= 0),
      add column refunded_minor bigint not null default 0 check (refunded_minor >= 0),
      add column disputed_minor bigint not null default 0 check (disputed_minor >= 0),
      add check ((purpose = 'appointment') = (appointment_id is not null)),
      add constraint payment_never_returned_twice
        check (refunding_minor + refunded_minor + disputed_minor <= captured_minor)`.execute(db);
  await sql`
    update payment p set client_id = a.client_id,
      captured_minor = case when p.status in ('completed', 'refunded') and p.method <> 'wallet' then p.amount_minor else 0 end
    from appointment a where a.id = p.appointment_id`.execute(db);
  await sql`alter table payment alter column client_id set not null`.execute(db);
  await sql`
    create table wallet_lot (
      id uuid primary key default uuidv7(),
      account text not null references account,
      kind text not null check (kind in ('top_up', 'payment', 'refund', 'promotion')),
      payment_id uuid references payment, -- the source that paid, to which it can go back
      amount_minor bigint not null check (amount_minor > 0),
      remaining_minor bigint not null check (remaining_minor between 0 and amount_minor),
      expires_at timestamptz(3),
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`create index wallet_lot_open on wallet_lot (account, id) where remaining_minor > 0`.execute(db);
  await sql`create index wallet_lot_payment on wallet_lot (payment_id) where payment_id is not null`.execute(db);
  await sql`
    insert into wallet_lot (account, kind, amount_minor, remaining_minor)
    select code, 'top_up', balance_minor, balance_minor - held_minor from account
    where kind = 'client_wallet' and balance_minor > 0`.execute(db);
  await sql`
    create table lot_use (
      appointment_id uuid not null references hold (appointment_id),
      lot_id uuid not null references wallet_lot,
      amount_minor bigint not null check (amount_minor > 0),
      primary key (appointment_id, lot_id)
    )`.execute(db);
  await sql`
    insert into lot_use (appointment_id, lot_id, amount_minor)
    select h.appointment_id, l.id, h.amount_minor from hold h join wallet_lot l on l.account = h.account
    where h.status = 'held' and h.amount_minor > 0`.execute(db);
  await sql`
    create table top_up_limit (
      method text not null check (method in ('stripe', 'razorpay')),
      currency text not null,
      is_enabled boolean not null default true,
      max_minor bigint not null check (max_minor > 0),
      primary key (method, currency)
    )`.execute(db);
  await sql`
    create table refund (
      id uuid primary key default uuidv7(),
      appointment_id uuid references appointment,
      payment_id uuid not null references payment,
      client_id uuid not null references person,
      amount_minor bigint not null check (amount_minor > 0),
      currency text not null,
      destination text not null check (destination in ('source', 'wallet')),
      reason text not null,
      status text not null default 'pending' check (status in ('pending', 'processing', 'completed', 'refused')),
      provider_ref text unique,
      failure_code text,
      requested_by_role text not null,
      requested_by_id uuid,
      next_attempt_at timestamptz(3), -- when the relay starts its workflow; null: started, or none needed
      attempts int not null default 0, -- of the relay
      created_at timestamptz(3) not null default clock_timestamp(),
      completed_at timestamptz(3)
    )`.execute(db);
  await sql`create index refund_of on refund (appointment_id)`.execute(db);
  await sql`create index refund_to_start on refund (next_attempt_at) where next_attempt_at is not null`.execute(db);
  await sql`
    create table foreign_refund ( -- made by hand at the provider: nothing is booked, somebody looks at it
      provider text not null check (provider in ('stripe', 'razorpay')),
      provider_ref text not null,
      payment_id uuid not null references payment,
      amount_minor bigint not null,
      currency text not null,
      seen_at timestamptz(3) not null default clock_timestamp(),
      resolved_at timestamptz(3),
      primary key (provider, provider_ref)
    )`.execute(db);
  await sql`
    create table dispute (
      id uuid primary key default uuidv7(),
      provider text not null check (provider in ('stripe', 'razorpay')),
      provider_ref text not null,
      payment_id uuid not null references payment,
      amount_minor bigint not null check (amount_minor > 0),
      currency text not null,
      counted_minor bigint not null default 0 check (counted_minor >= 0), -- its part of the payment's disputed_minor
      reason text,
      status text not null default 'open' check (status in ('inquiry', 'open', 'won', 'lost')),
      evidence_due_at timestamptz(3),
      opened_at timestamptz(3) not null default clock_timestamp(),
      closed_at timestamptz(3),
      unique (provider, provider_ref)
    )`.execute(db);
  await sql`create index dispute_of on dispute (payment_id)`.execute(db);
  // What attention looks for among very many.
  await sql`
    create index provider_event_open on provider_event (received_at)
      where handled_at is null and provider <> 'twilio'`.execute(db);
  await sql`create index notification_failed on notification (created_at) where status = 'failed'`.execute(db);
  await earningsAndPayouts(db);
}

async function earningsAndPayouts(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table payout_batch (
      id uuid primary key default uuidv7(),
      rail text not null check (rail in ('csv', 'stripe_connect')),
      currency text not null,
      created_by uuid references person,
      next_attempt_at timestamptz(3), -- when the relay starts its workflow; null: started
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`create index payout_to_start on payout_batch (next_attempt_at) where next_attempt_at is not null`.execute(
    db,
  );
  await sql`
    create table payout (
      id uuid primary key default uuidv7(),
      batch_id uuid not null references payout_batch,
      therapist_id uuid not null references therapist,
      amount_minor bigint not null check (amount_minor > 0),
      currency text not null,
      status text not null default 'pending' check (status in ('pending', 'sent', 'failed')),
      provider_ref text unique,
      failure_code text,
      created_at timestamptz(3) not null default clock_timestamp(),
      sent_at timestamptz(3)
    )`.execute(db);
  await sql`create index payout_of on payout (therapist_id, id)`.execute(db);
  await sql`create index payout_in on payout (batch_id)`.execute(db);
  await sql`
    create table earning_entry (
      id uuid primary key default uuidv7(),
      therapist_id uuid not null references therapist,
      appointment_id uuid not null references appointment,
      kind text not null check (kind in ('session', 'reversal', 'carry')), -- carry: left over by a rail's rounding
      gross_minor bigint not null, -- signed: a reversal's are negative
      fee_minor bigint not null,
      net_minor bigint not null check (net_minor = gross_minor - fee_minor),
      currency text not null,
      payable_at timestamptz(3) not null,
      frozen_by uuid references dispute, -- while it is open this is not paid out
      payout_id uuid references payout,
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`create index earning_of on earning_entry (therapist_id, created_at)`.execute(db);
  await sql`create index earning_appointment on earning_entry (appointment_id)`.execute(db);
  await sql`create index earning_unpaid on earning_entry (currency, payable_at) where payout_id is null`.execute(db);
  await sql`create index earning_payout on earning_entry (payout_id) where payout_id is not null`.execute(db);
  await sql`create unique index earning_session_once on earning_entry (appointment_id) where kind = 'session'`.execute(
    db,
  );
  await sql`
    insert into earning_entry (therapist_id, appointment_id, kind, gross_minor, fee_minor, net_minor, currency, payable_at)
    select a.therapist_id, a.id, 'session', h.amount_minor, coalesce(f.amount_minor, 0),
      h.amount_minor - coalesce(f.amount_minor, 0), h.currency, x.at + interval '7 days'
    from ledger_transaction x
    join hold h on h.appointment_id = x.appointment_id
    join appointment a on a.id = x.appointment_id
    left join ledger_entry f on f.transaction_id = x.id and f.account like 'platform_fee:%'
    where x.kind = 'settle'`.execute(db);
}
