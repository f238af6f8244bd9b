import { sql, type Kysely } from 'kysely';

/**
 * What callers have used of the limits that all processes share, as rate-limiter-flexible keeps it: `expire` in epoch ms.
 * Unlogged: after a crash of PostgreSQL everybody begins anew, and nothing is written twice meanwhile.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create unlogged table rate_limit (
    key text primary key,
    points int not null default 0,
    expire bigint
  )`.execute(db);
  await sql`create index rate_limit_expire on rate_limit (expire)`.execute(db);
}
