import { sql, type Kysely } from 'kysely';

/**
 * Personal columns hold ciphertext from here on (db/field-cipher.ts); `npm run migrate` encrypts what was there in
 * clear. Free text moves into notes of its own, and an audit log says who read and changed what.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table person
      alter column email drop not null, -- null: erased
      add column email_index text, -- HMAC of the address, for finding it
      add column phone_index text,
      add column erased_at timestamptz(3)`.execute(db);
  await sql`create index person_email on person (email_index) where email_index is not null`.execute(db);
  await sql`create index person_phone on person (phone_index) where phone_index is not null`.execute(db);
  await sql`
    create table note (
      id uuid primary key,
      appointment_id uuid, -- no reference: a request may be refused before there is one
      author_id uuid references person, -- null: an operator by hand
      text text, -- encrypted; null: erased
      created_at timestamptz(3) not null default clock_timestamp()
    )`.execute(db);
  await sql`create index note_of on note (appointment_id)`.execute(db);
  await sql`create index note_by on note (author_id)`.execute(db);
  await auditLog(db);
}

async function auditLog(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_entry (
      id bigint generated always as identity primary key,
      at timestamptz(3) not null default clock_timestamp(),
      actor_role text not null,
      actor_id uuid,
      action text not null,
      object_type text not null,
      object_id text, -- null: a list
      subject_id uuid, -- whose data it was, where that is one person
      request_id text
    )`.execute(db);
  await sql`create index audit_by_actor on audit_entry (actor_id, id)`.execute(db);
  await sql`create index audit_of_object on audit_entry (object_type, object_id, id)`.execute(db);
  await sql`create index audit_of_subject on audit_entry (subject_id, id) where subject_id is not null`.execute(db);
  await sql`
    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
    end $$`.execute(db);
  await sql`
    create trigger audit_is_append_only before update or delete or truncate on audit_entry
      for each statement execute function refuse_audit_change()`.execute(db);
  // The timeline is the other half of the log: what was done to appointments, by whom.
  await sql`
    create trigger timeline_is_append_only before update or delete on timeline_entry
      for each statement execute function refuse_audit_change()`.execute(db);
  await sql`create index timeline_of_admins on timeline_entry (actor_id, id) where actor_role in ('admin', 'operator')`.execute(
    db,
  );
  // The owner could grant it back to itself; it takes two deliberate steps then, and no stray statement does it.
  await sql`revoke update, delete, truncate on audit_entry from current_user`.execute(db);
}
