import { sql, type Kysely } from 'kysely';

/**
 * What lets somebody in ends with what it was made by: a service token with the admin who made it, a ticket and its stream
 * with the session or bearer token that asked for it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Whoever changes a role by hand need not think of it; a role that is given back revives no token.
  await sql`
    create function end_tokens_of_former_admin() returns trigger language plpgsql as $$
    begin
      update service_token set revoked_at = clock_timestamp() where created_by = old.id and revoked_at is null;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger person_was_admin after update on person for each row
      when (old.role = 'admin' and old.erased_at is null and (new.role <> 'admin' or new.erased_at is not null))
      execute function end_tokens_of_former_admin()`.execute(db);
  await sql`
    create trigger person_was_removed after delete on person for each row
      when (old.role = 'admin') execute function end_tokens_of_former_admin()`.execute(db);
  await sql`
    update service_token s set revoked_at = clock_timestamp()
    where revoked_at is null and created_by is not null
      and not exists (select from person p where p.id = s.created_by and p.role = 'admin' and p.erased_at is null)`.execute(
    db,
  );
  await sql`
    alter table event_ticket
      add column session_id uuid references web_session on delete cascade,
      add column good_until timestamptz(3) -- of a bearer token: when it expires`.execute(db);
}
