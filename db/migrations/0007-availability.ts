import { sql, type Kysely } from 'kysely';

/** Dates with hours of their own, and a version by which two editors of one availability notice each other. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table therapist
      add column exceptions jsonb not null default '{}', -- local hours by date, instead of the weekday's; none: off
      add column availability_version int not null default 1`.execute(db);
}
