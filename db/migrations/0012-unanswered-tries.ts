import { sql, type Kysely } from 'kysely';

/** How often a notification was handed to a vendor whose answer never came: a mail is repeated once and no more. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table notification add column unanswered int not null default 0`.execute(db);
}
