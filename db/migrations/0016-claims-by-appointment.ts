import { sql, type Kysely } from 'kysely';

/** Notices of one appointment are claimed one after the other, so that what they say is read once for all of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index notification_due`.execute(db);
  await sql`
    create index notification_due on notification (next_attempt_at, appointment_id) where status = 'pending'`.execute(
    db,
  );
}
