import type { Role } from '../domain/types.js';
import type { Db } from './database.js';

/** Somebody who signed in. */
export interface Person {
  id: string;
  role: Role;
  name: string;
  locale: string;
  timeZone: string;
}

/** The person behind an OpenID Connect subject; null for one that this service does not know. */
export async function personBySubject(db: Db, subject: string): Promise<Person | null> {
  const row = await db
    .selectFrom('person')
    .where('subject', '=', subject)
    .select(['id', 'role', 'name', 'locale', 'timeZone'])
    .executeTakeFirst();
  return row ?? null;
}
