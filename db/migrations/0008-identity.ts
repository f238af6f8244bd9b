import { sql, type Kysely } from 'kysely';

/** Sign-ins under way, the web app's sessions, and service tokens. Of secrets only SHA-256 hashes are kept. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A service token is a person of its own, so that whatever it does has its id for an actor. It never signs in.
  await sql`
    alter table person
      add column kind text not null default 'human' check (kind in ('human', 'service'))`.execute(db);
  await sql`
    create table sign_in (
      secret_hash text primary key, -- of the browser's cookie; the row is taken out by the callback, once
      state text not null,
      nonce text not null,
      code_verifier text not null,
      return_to text not null,
      expires_at timestamptz(3) not null
    )`.execute(db);
  await sql`create index sign_in_expires on sign_in (expires_at)`.execute(db);
  await sql`
    create table web_session (
      id uuid primary key default uuidv7(),
      secret_hash text not null unique, -- of the cookie
      person_id uuid not null references person on delete cascade,
      created_at timestamptz(3) not null default clock_timestamp(),
      seen_at timestamptz(3) not null default clock_timestamp(), -- written once a minute at most
      expires_at timestamptz(3) not null, -- whatever happens; idle_ms after seen_at if that is earlier
      idle_ms bigint not null,
      revoked_at timestamptz(3)
    )`.execute(db);
  await sql`create index web_session_of on web_session (person_id, id)`.execute(db);
  await sql`create index web_session_expires on web_session (expires_at)`.execute(db);
  await sql`
    create table service_token (
      id uuid primary key references person on delete cascade,
      secret_hash text not null unique,
      scopes text[] not null,
      created_by uuid,
      created_at timestamptz(3) not null default clock_timestamp(),
      expires_at timestamptz(3) not null,
      last_used_at timestamptz(3), -- written once a minute at most
      revoked_at timestamptz(3)
    )`.execute(db);
}
