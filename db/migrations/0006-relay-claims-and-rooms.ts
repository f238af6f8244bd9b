import { sql, type Kysely } from 'kysely';

/**
 * Rooms wait in rows like every other effect, and each claim names the relay that holds it, so that what a relay held
 * when it died is taken over at once.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table room
      alter column sid drop not null,
      alter column ensured_at drop not null,
      alter column ensured_at drop default,
      drop constraint room_status_check,
      add constraint room_status_check check (status in ('wanted', 'alive', 'closing', 'closed')),
      add constraint room_has_sid check (sid is not null or status in ('wanted', 'closed')),
      add column next_attempt_at timestamptz(3), -- when the relay makes or closes it; null: nothing to do
      add column attempts int not null default 0,
      add column error text`.execute(db);
  await sql`create index room_due on room (next_attempt_at) where status in ('wanted', 'closing')`.execute(db);
  await sql`create sequence relay_id as int cycle`.execute(db);
  await sql`
    alter table notification
      add column claimed_by int, -- the relay's id, whose advisory lock says that it lives
      add column tried_at timestamptz(3) -- when its latest handing over to a vendor began`.execute(db);
  await sql`update notification set tried_at = claimed_at where attempts > 0`.execute(db);
  await sql`create index notification_claimed on notification (claimed_by) where status = 'sending'`.execute(db);
  await sql`drop index notification_due`.execute(db);
  await sql`create index notification_due on notification (next_attempt_at, id) where status = 'pending'`.execute(db);
  await sql`update notification set status = 'pending' where status = 'sending'`.execute(db);
}
