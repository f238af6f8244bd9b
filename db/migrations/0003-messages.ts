import { sql, type Kysely } from 'kysely';

/** What waits in rows: messages to workflows, notifications, idempotency keys; and rooms with the therapist's lease. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table message (
      id uuid primary key default uuidv7(),
      appointment_id uuid not null, -- no reference: a raw signal may name what does not exist
      kind text not null,
      actor_role text not null,
      actor_id uuid,
      payload jsonb not null default '{}',
      received_at timestamptz(3) not null default clock_timestamp(),
      next_attempt_at timestamptz(3), -- when the relay sends the signal; null: sent, or never to be sent
      attempts int not null default 0,
      delivered_at timestamptz(3),
      handled_at timestamptz(3),
      decision jsonb
    )`.execute(db);
  await sql`create index message_unhandled on message (appointment_id, received_at) where handled_at is null`.execute(
    db,
  );
  await sql`create index message_to_send on message (next_attempt_at) where next_attempt_at is not null`.execute(db);
  await sql`
    create table notification (
      id uuid primary key default uuidv7(),
      appointment_id uuid not null references appointment,
      schedule_version int not null,
      kind text not null,
      recipient_id uuid not null references person,
      recipient_role text not null,
      channel text not null check (channel in ('email', 'sms', 'in_app')),
      not_before timestamptz(3) not null,
      status text not null default 'pending' check (status in ('pending', 'sending', 'sent', 'skipped', 'voided', 'failed')),
      template text, -- what it became when it was claimed
      next_attempt_at timestamptz(3) not null,
      attempts int not null default 0,
      claimed_at timestamptz(3),
      sent_at timestamptz(3),
      read_at timestamptz(3),
      provider_ref text,
      error text,
      created_at timestamptz(3) not null default clock_timestamp(),
      unique (appointment_id, schedule_version, kind, recipient_id, channel)
    )`.execute(db);
  await sql`create index notification_due on notification (next_attempt_at) where status in ('pending', 'sending')`.execute(
    db,
  );
  await sql`create index notification_inbox on notification (recipient_id, id) where channel = 'in_app' and status = 'sent'`.execute(
    db,
  );
  await sql`
    create table idempotency_key (
      caller text not null,
      route text not null,
      key text not null,
      request_hash text not null,
      resource_id uuid not null default gen_random_uuid(), -- minted before the effect, so that a retry meets the same one
      locked_until timestamptz(3),
      response_status int,
      response_body jsonb,
      created_at timestamptz(3) not null default clock_timestamp(),
      primary key (caller, route, key)
    )`.execute(db);
  await sql`
    create table room (
      appointment_id uuid primary key references appointment,
      mode text not null,
      sid text not null,
      status text not null check (status in ('alive', 'closed')),
      ensured_at timestamptz(3) not null default clock_timestamp(),
      closed_at timestamptz(3)
    )`.execute(db);
  await sql`
    create table room_connection (
      participant_sid text primary key,
      appointment_id uuid not null references appointment,
      participant text not null check (participant in ('client', 'therapist')),
      identity text not null,
      connected_at timestamptz(3) not null,
      disconnected_at timestamptz(3)
    )`.execute(db);
  await sql`create index room_connection_of on room_connection (appointment_id)`.execute(db);
  await sql`
    create table therapist_lease (
      therapist_id uuid primary key references therapist,
      appointment_id uuid not null references appointment,
      held_until timestamptz(3) not null,
      taken_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
}
