import { sql, type Kysely } from 'kysely';

/** A herd is claimed channel by channel: going through the rows of all others took a quarter of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index notification_due`.execute(db);
  await sql`
    create index notification_due on notification (channel, next_attempt_at, appointment_id) where status = 'pending'`.execute(
    db,
  );
}
