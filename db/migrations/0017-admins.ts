import { sql, type Kysely } from 'kysely';

/** Who the admins are is read wherever they are told of something, among everybody who ever signed in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index person_admin on person (id) where role = 'admin' and kind = 'human'`.execute(db);
}
