import { sql, type Kysely } from 'kysely';

/** A herd is claimed line by line: going through the rows of all other lines took as long as claiming. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index notification_due`.execute(db);
  await sql`
    create index notification_due on notification (
      (case when channel = 'in_app' or recipient_role = 'admin' then 'later' else channel end),
      next_attempt_at, appointment_id)
    where status = 'pending'`.execute(db);
}
