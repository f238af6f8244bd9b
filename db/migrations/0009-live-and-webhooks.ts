import { sql, type Kysely } from 'kysely';

/**
 * What happened, for open screens and other systems. Triggers write the events, so that no change can forget to; the
 * transaction's id in each lets a reader ask for what became visible since its last look, whatever the order of commits.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table live_event (
      xid bigint not null default pg_current_xact_id()::text::bigint, -- a commit may become visible after a younger one
      id bigint generated always as identity,
      at timestamptz(3) not null default clock_timestamp(),
      kind text not null check (kind in ('appointment', 'payment', 'refund', 'notification')),
      object_id uuid not null, -- the row of that kind
      appointment_id uuid,
      client_id uuid,
      therapist_id uuid,
      person_id uuid, -- whom a notification is for: nobody else hears of it
      version bigint,
      status text not null,
      changes text[] not null,
      starts_at timestamptz(3),
      ends_at timestamptz(3),
      outcome_reason text,
      primary key (xid, id)
    )`.execute(db);
  await appointmentEvents(db);
  await moneyEvents(db);
  await notificationEvents(db);
  await sql`
    create table event_ticket (
      hash text primary key, -- SHA-256: the ticket itself is stored nowhere
      person_id uuid not null references person,
      expires_at timestamptz(3) not null
    )`.execute(db);
  await webhooks(db);
}

async function appointmentEvents(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function write_appointment_event() returns trigger language plpgsql as $$
      declare
        told text[] := '{}';
      begin
        if tg_op = 'INSERT' then
          told := '{booked}';
        else
          if old.paid_at is null and new.paid_at is not null then told := told || 'paid'::text; end if;
          if old.activated_at is null and new.activated_at is not null then told := told || 'activated'::text; end if;
          if old.activated_at is not null and new.activated_at is null then told := told || 'deactivated'::text; end if;
          if old.starts_at <> new.starts_at then told := told || 'rescheduled'::text; end if;
          if old.extended_minutes <> new.extended_minutes then told := told || 'extended'::text; end if;
          if old.client_joined_at is null and new.client_joined_at is not null then told := told || 'client_joined'::text; end if;
          if old.therapist_joined_at is null and new.therapist_joined_at is not null then told := told || 'therapist_joined'::text; end if;
          if old.client_came_at is null and new.client_came_at is not null then told := told || 'client_came'::text; end if;
          if old.therapist_came_at is null and new.therapist_came_at is not null then told := told || 'therapist_came'::text; end if;
          if old.status <> new.status then told := told || new.status; end if;
          if told = '{}' then return null; end if;
        end if;
        insert into live_event (kind, object_id, appointment_id, client_id, therapist_id, version, status, changes,
          starts_at, ends_at, outcome_reason)
        values ('appointment', new.id, new.id, new.client_id, new.therapist_id, new.version, new.status, told,
          new.starts_at, new.ends_at, new.outcome_reason);
        return null;
      end $$`.execute(db);
  await sql`
    create trigger appointment_event after insert or update on appointment
      for each row execute function write_appointment_event()`.execute(db);
}

/** Of payments and refunds alike: they have the same columns. */
async function moneyEvents(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function write_money_event() returns trigger language plpgsql as $$
      begin
        insert into live_event (kind, object_id, appointment_id, client_id, status, changes)
        values (tg_table_name, new.id, new.appointment_id, new.client_id, new.status, array[new.status]);
        return null;
      end $$`.execute(db);
  for (const table of ['payment', 'refund']) {
    await sql`
      create trigger ${sql.raw(`${table}_begun`)} after insert on ${sql.raw(table)}
        for each row execute function write_money_event()`.execute(db);
    await sql`
      create trigger ${sql.raw(`${table}_changed`)} after update of status on ${sql.raw(table)}
        for each row when (old.status <> new.status) execute function write_money_event()`.execute(db);
  }
}

async function notificationEvents(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function write_notification_event() returns trigger language plpgsql as $$
      begin
        insert into live_event (kind, object_id, appointment_id, person_id, status, changes)
        values ('notification', new.id, new.appointment_id, new.recipient_id, new.status, '{created}');
        return null;
      end $$`.execute(db);
  await sql`
    create trigger notification_written after insert on notification
      for each row when (new.channel = 'in_app' and new.status = 'sent')
      execute function write_notification_event()`.execute(db);
  await sql`
    create trigger notification_shown after update of status on notification
      for each row when (new.channel = 'in_app' and new.status = 'sent' and old.status <> 'sent')
      execute function write_notification_event()`.execute(db);
}

async function webhooks(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table webhook_endpoint (
      id uuid primary key default uuidv7(),
      url text not null,
      description text,
      types text[] not null, -- empty: all of them
      secret text not null,
      previous_secret text, -- signs too until previous_until
      previous_until timestamptz(3),
      status text not null default 'enabled' check (status in ('enabled', 'disabled', 'deleted')),
      disabled_at timestamptz(3),
      disabled_reason text,
      delivered_at timestamptz(3), -- when something last arrived
      created_by uuid not null references person,
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create table webhook_delivery (
      id uuid primary key default uuidv7(),
      endpoint_id uuid not null references webhook_endpoint,
      message_id text not null, -- webhook-id: the same on every try, so that a receiver can tell repeats
      type text not null,
      appointment_id uuid,
      body text not null, -- as it is signed and sent
      status text not null default 'pending' check (status in ('pending', 'delivered', 'failed', 'skipped')),
      attempts int not null default 0,
      next_attempt_at timestamptz(3),
      tries jsonb not null default '[]',
      delivered_at timestamptz(3),
      created_at timestamptz(3) not null default clock_timestamp(),
      unique (endpoint_id, message_id)
    )`.execute(db);
  await sql`create index webhook_delivery_due on webhook_delivery (next_attempt_at) where status = 'pending'`.execute(
    db,
  );
  await sql`create index webhook_delivery_of on webhook_delivery (endpoint_id, id)`.execute(db);
  await sql`
    create table webhook_position (
      one boolean primary key default true check (one),
      snapshot text not null -- what was visible when events were last fanned out
    )`.execute(db);
  await sql`insert into webhook_position (snapshot) values (pg_current_snapshot()::text)`.execute(db);
}
