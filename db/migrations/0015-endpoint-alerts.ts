import { sql, type Kysely } from 'kysely';

/** When admins were told that an endpoint is given up; null while they are to be. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table webhook_endpoint add column told_at timestamptz(3)`.execute(db);
  await sql`update webhook_endpoint set told_at = clock_timestamp() where status = 'disabled'`.execute(db);
}
