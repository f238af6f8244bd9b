import { sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { Role } from '../domain/types.js';
import type { Db } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { contactIndex, decryptField, encryptField } from './field-encryption.js';

/** Somebody who signed in. */
export interface Person {
  id: string;
  role: Role;
  name: string;
  locale: string;
  timeZone: string;
}

const SHOWN = ['id', 'role', 'name', 'locale', 'timeZone'] as const;

/** Somebody's row in clear. */
export const shownPerson = (db: Db, row: Omit<Person, 'name'> & { name: Encrypted }): Person => {
  return { ...row, name: decryptField(db, 'person.name', row.id, row.name) };
};

/** The person behind an OpenID Connect subject; null for one that this service does not know, or has erased. */
export async function personBySubject(db: Db, subject: string): Promise<Person | null> {
  const row = await db
    .selectFrom('person')
    .where('subject', '=', subject)
    .where('kind', '=', 'human')
    .where('erasedAt', 'is', null)
    .select(SHOWN)
    .executeTakeFirst();
  return row === undefined ? null : shownPerson(db, row);
}

/** Somebody to put in, in clear. */
export interface NewPerson {
  /** Default: a fresh one. */
  id?: string;
  subject: string;
  role: Role;
  name: string;
  email: string;
  /** E.164; counts as verified. */
  phone?: string | null;
  locale?: string;
  timeZone?: string;
}

/** The encrypted columns of a person, with the blind indexes by which address and number are found. */
export function contactColumns(
  db: Db,
  id: string,
  { name, email, phone = null }: Pick<NewPerson, 'name' | 'email' | 'phone'>,
) {
  return {
    name: encryptField(db, 'person.name', id, name),
    email: encryptField(db, 'person.email', id, email),
    emailIndex: contactIndex(db, 'person.email', email),
    ...phoneColumns(db, id, phone),
  };
}

/** A telephone number's two columns, for `set` and `values`. */
export function phoneColumns(db: Db, id: string, phone: string | null) {
  return {
    phone: phone === null ? null : encryptField(db, 'person.phone', id, phone),
    phoneIndex: phone === null ? null : contactIndex(db, 'person.phone', phone),
  };
}

const ROWS_A_STATEMENT = 500;

/**
 * Puts people in, their contact data encrypted: the one way, for seeds, tests and measurements too. Whose subject is
 * there stays as they are. @returns ids by subject, of those who were there as well
 */
export async function insertPeople(db: Db, people: readonly NewPerson[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (let from = 0; from < people.length; from += ROWS_A_STATEMENT) {
    const some = people.slice(from, from + ROWS_A_STATEMENT);
    const rows = some.map(({ id = randomUUID(), subject, role, locale, timeZone, ...contact }) => {
      const zone = timeZone === undefined ? {} : { timeZone };
      return {
        id,
        subject,
        role,
        ...contactColumns(db, id, contact),
        // Whoever puts people in vouches for their numbers; people themselves verify theirs.
        ...(contact.phone ? { phoneVerifiedAt: sql<Date>`clock_timestamp()` } : {}),
        ...(locale === undefined ? {} : { locale }),
        ...zone,
      };
    });
    await db
      .insertInto('person')
      .values(rows)
      .onConflict((conflict) => conflict.column('subject').doNothing())
      .execute();
    const subjects = some.map(({ subject }) => subject);
    const found = await db.selectFrom('person').where('subject', 'in', subjects).select(['id', 'subject']).execute();
    for (const { id, subject } of found) ids.set(subject, id);
  }
  return ids;
}

/** The same for one. @returns the id */
export async function insertPerson(db: Db, person: NewPerson): Promise<string> {
  return (await insertPeople(db, [person])).get(person.subject)!;
}

/** How to reach somebody, in clear; null for one who is unknown or erased. */
export async function readContact(
  db: Db,
  id: string,
): Promise<{ name: string; email: string | null; phone: string | null } | null> {
  const row = await db
    .selectFrom('person')
    .where('id', '=', id)
    .where('erasedAt', 'is', null)
    .select(['name', 'email', 'phone'])
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    name: decryptField(db, 'person.name', id, row.name),
    email: row.email && decryptField(db, 'person.email', id, row.email),
    phone: row.phone && decryptField(db, 'person.phone', id, row.phone),
  };
}

/** Who has this telephone number, by its blind index: STOP comes with a number and nothing else. */
export function peopleByPhone(db: Db, phone: string): Promise<{ id: string; role: Role }[]> {
  return db
    .selectFrom('person')
    .where('phoneIndex', '=', contactIndex(db, 'person.phone', phone))
    .select(['id', 'role'])
    .execute();
}

/** The person as stored at this moment; null when there is none any more. */
export async function readPerson(db: Db, id: string): Promise<Person | null> {
  const row = await db
    .selectFrom('person')
    .where('id', '=', id)
    .where('erasedAt', 'is', null)
    .select(SHOWN)
    .executeTakeFirst();
  return row === undefined ? null : shownPerson(db, row);
}

/** What an issuer has vouched for about somebody who signs in for the first time. */
export type Newcomer = Required<Pick<NewPerson, 'subject' | 'name' | 'email' | 'locale' | 'timeZone'>>;

/** Makes a client of a subject that its issuer has vouched for, or meets whoever has it; null for one who was erased. */
export async function registerClient(db: Db, person: Newcomer): Promise<Person | null> {
  await insertPerson(db, { ...person, role: 'client' });
  return personBySubject(db, person.subject);
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
    const row = await trx
      .updateTable('person')
      .set(after)
      .where('id', '=', id)
      .returning(SHOWN)
      .executeTakeFirstOrThrow();
    return shownPerson(trx, row);
  });
}
