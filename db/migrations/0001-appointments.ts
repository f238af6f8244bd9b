import { sql, type Kysely } from 'kysely';

/** People, therapists and appointments. Statuses are checked text; instants have millisecond precision like the code's. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create extension if not exists btree_gist`.execute(db);
  await sql`
    create table person (
      id uuid primary key default uuidv7(),
      subject text not null unique, -- the OpenID Connect subject
      role text not null check (role in ('client', 'therapist', 'admin')),
      name text not null,
      email text not null,
      phone text,
      locale text not null default 'en',
      time_zone text not null default 'UTC',
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create table therapist (
      id uuid primary key references person,
      currency text not null check (currency ~ '^[A-Z]{3}$'),
      durations_minutes int[] not null,
      rates jsonb not null, -- minor units per hour by session mode; a mode without a rate is not offered
      weekly_hours jsonb, -- local hours by ISO weekday; null: always open
      policy jsonb not null
    )`.execute(db);
  await sql`
    create table appointment (
      id uuid primary key,
      client_id uuid not null references person,
      therapist_id uuid not null references therapist,
      status text not null default 'scheduled' check (status in
        ('scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled', 'expired', 'no_show')),
      session_mode text not null check (session_mode in ('video', 'audio', 'chat')),
      starts_at timestamptz(3) not null,
      ends_at timestamptz(3) not null,
      duration_minutes int not null check (duration_minutes > 0),
      slot tstzrange not null, -- start to end plus the therapist's buffer
      schedule_version int not null default 1,
      policy jsonb not null,
      price_minor bigint not null check (price_minor >= 0),
      currency text not null,
      meeting_id text not null unique,
      meeting_link text not null,
      pay_by timestamptz(3) not null,
      remind_at timestamptz(3) not null,
      opens_at timestamptz(3) not null,
      activate_by timestamptz(3) not null,
      paid_at timestamptz(3),
      paid_payment_id uuid,
      activated_at timestamptz(3),
      forced_at timestamptz(3),
      reminded_at timestamptz(3),
      opened_at timestamptz(3),
      opening_prepared_at timestamptz(3),
      client_joined_at timestamptz(3),
      client_came_at timestamptz(3),
      therapist_joined_at timestamptz(3),
      therapist_came_at timestamptz(3),
      outcome_reason text,
      outcome_by text,
      outcome_at timestamptz(3),
      payment_checked_at timestamptz(3),
      attendance_read_at timestamptz(3),
      version bigint not null default 1,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null default clock_timestamp(),
      check (ends_at > starts_at),
      check ((outcome_reason is null) = (status in ('scheduled', 'confirmed', 'in_progress'))),
      constraint appointment_slot_taken exclude using gist (therapist_id with =, slot with &&)
        where (status in ('scheduled', 'confirmed', 'in_progress')),
      constraint appointment_own_overlap exclude using gist (client_id with =, tstzrange(starts_at, ends_at) with &&)
        where (status in ('scheduled', 'confirmed', 'in_progress'))
    )`.execute(db);
  await sql`create index appointment_client on appointment (client_id, starts_at, id)`.execute(db);
  await sql`create index appointment_therapist on appointment (therapist_id, starts_at, id)`.execute(db);
  await sql`create index appointment_starts on appointment (starts_at, id)`.execute(db);
  await sql`create index appointment_live on appointment (status) where status in ('scheduled', 'confirmed', 'in_progress')`.execute(
    db,
  );
  await sql`
    create table review (
      appointment_id uuid primary key references appointment,
      rating int not null check (rating between 1 and 5),
      text text,
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`
    create table timeline_entry (
      id bigint generated always as identity primary key,
      appointment_id uuid not null references appointment,
      schedule_version int not null,
      kind text not null,
      actor_role text not null,
      actor_id uuid,
      due timestamptz(3), -- a deadline's due time, or when the message was stored
      at timestamptz(3) not null default clock_timestamp(), -- when it was made durable
      detail jsonb not null default '{}'
    )`.execute(db);
  await sql`create index timeline_of on timeline_entry (appointment_id, id)`.execute(db);
}
