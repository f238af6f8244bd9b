import { sql } from 'kysely';
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

const SHOWN = ['id', 'role', 'name', 'locale', 'timeZone'] as const;

/** The person behind an OpenID Connect subject; null for one that this service does not know. */
export async function personBySubject(db: Db, subject: string): Promise<Person | null> {
  const row = await db
    .selectFrom('person')
    .where('subject', '=', subject)
    .where('kind', '=', 'human')
    .select(SHOWN)
    .executeTakeFirst();
  return row ?? null;
}

/** The person as stored at this moment; null when there is none any more. */
export async function readPerson(db: Db, id: string): Promise<Person | null> {
  return (await db.selectFrom('person').where('id', '=', id).select(SHOWN).executeTakeFirst()) ?? null;
}

/** What an issuer has vouched for about somebody who signs in for the first time. */
export interface NewPerson {
  subject: string;
  name: string;
  email: string;
  locale: string;
  timeZone: string;
}

/** Makes a client of a subject, or meets whoever has it. */
export async function registerClient(db: Db, person: NewPerson): Promise<Person | null> {
  const made = await db
    .insertInto('person')
    .values({ ...person, role: 'client' })
    .onConflict((conflict) => conflict.column('subject').doNothing())
    .returning(SHOWN)
    .executeTakeFirst();
  return made ?? personBySubject(db, person.subject);
}

/** PostgreSQL's own spelling of a zone's name, whatever its case; null for one that it does not know. */
export async function timeZoneName(db: Db, given: string): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    select name from pg_timezone_names where lower(name) = lower(${given}) limit 1`.execute(db);
  return rows[0]?.name ?? null;
}

/**
 * Changes locale and zone. A therapist's hours are by the zone's clocks, so their version counts up with it: who edits
 * them at this moment reads them anew. @returns the person, null when there is none any more
 */
export function changePerson(
  db: Db,
  id: string,
  { locale, timeZone }: { locale?: string | undefined; timeZone?: string | undefined },
): Promise<Person | null> {
  return db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('person')
      .where('id', '=', id)
      .select(['locale', 'timeZone'])
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) return null;
    const after = { locale: locale ?? before.locale, timeZone: timeZone ?? before.timeZone };
    if (after.timeZone !== before.timeZone) {
      await trx
        .updateTable('therapist')
        .set({ availabilityVersion: sql<number>`availability_version + 1` })
        .where('id', '=', id)
        .execute();
    }
    return trx.updateTable('person').set(after).where('id', '=', id).returning(SHOWN).executeTakeFirstOrThrow();
  });
}
