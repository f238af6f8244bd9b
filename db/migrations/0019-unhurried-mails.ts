import { sql, type Kysely } from 'kysely';

/** Mails that nobody has to act upon get a line of their own: they may wait where the worker is behind. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index notification_due`.execute(db);
  await sql`
    create index notification_due on notification (
      (case when channel = 'email' and (recipient_role = 'admin' or kind in ('completed', 'no_show')) then 'unhurried_email'
        else channel end),
      next_attempt_at, appointment_id)
    where status = 'pending'`.execute(db);
}
