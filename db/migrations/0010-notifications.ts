import { sql, type Kysely } from 'kysely';

/** Verified telephone numbers and who wants no SMS, what people want to be told, calendar feeds, and sending anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table person
      add column phone_verified_at timestamptz(3), -- without it no SMS is sent
      add column sms_opted_out_at timestamptz(3), -- by STOP, or as the vendor says
      add column notification_preferences jsonb not null default '{}'`.execute(db);
  // Until now numbers were written down by operators, who had asked.
  await sql`update person set phone_verified_at = created_at where phone is not null`.execute(db);
  await sql`
    create table phone_code (
      id uuid primary key default uuidv7(),
      person_id uuid not null references person on delete cascade,
      phone text not null, -- what the code was sent to, encrypted
      phone_index text not null, -- HMAC of the number, for counting codes to it
      code_hash text not null, -- with the row's id before it, so that equal codes differ
      attempts int not null default 0,
      created_at timestamptz(3) not null default clock_timestamp(),
      expires_at timestamptz(3) not null
    )`.execute(db);
  await sql`create index phone_code_of on phone_code (person_id, created_at)`.execute(db);
  await sql`create index phone_code_to on phone_code (phone_index, created_at)`.execute(db);
  await sql`
    create table calendar_feed (
      person_id uuid primary key references person on delete cascade,
      secret_hash text not null unique,
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  // A notification is sent anew as a row of its own, beside the one that was.
  await sql`
    alter table notification
      add column occasion int not null default 0,
      add constraint notification_once
        unique (appointment_id, schedule_version, kind, recipient_id, channel, occasion)`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select conname as name from pg_constraint
    where conrelid = 'notification'::regclass and contype = 'u' and conname <> 'notification_once'`.execute(db);
  for (const { name } of rows) await sql`alter table notification drop constraint ${sql.ref(name)}`.execute(db);
}
