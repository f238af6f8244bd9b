import { sql } from 'kysely';
import type { Db } from './database.js';
import { type Person, readPerson } from './people.js';

/** How long a ticket waits for its use. */
export const TICKET_MS = 30_000;

/** Stores a ticket by its hash. @returns when it expires */
export async function storeTicket(db: Db, hash: string, personId: string): Promise<Date> {
  const { expiresAt } = await db
    .insertInto('eventTicket')
    .values({ hash, personId, expiresAt: sql<Date>`clock_timestamp() + ${TICKET_MS} * interval '1 millisecond'` })
    .returning('expiresAt')
    .executeTakeFirstOrThrow();
  return expiresAt;
}

/** Uses a ticket up: of many who come with it at once, one gets the person, the others null. */
export async function useTicket(db: Db, hash: string): Promise<Person | null> {
  const used = await db
    .deleteFrom('eventTicket')
    .where('hash', '=', hash)
    .where('expiresAt', '>', sql<Date>`clock_timestamp()`)
    .returning('personId')
    .executeTakeFirst();
  return used === undefined ? null : readPerson(db, used.personId);
}
