import { sql } from 'kysely';
import type { Db } from './database.js';
import { type Person, readPerson } from './people.js';
import { isOpen } from './web-sessions.js';

/** How long a ticket waits for its use. */
export const TICKET_MS = 30_000;

/** What a ticket was asked for by, and ends with. */
export interface TicketOrigin {
  /** Of the web app's session; null for a token. */
  sessionId: string | null;
  /** When the bearer token expires; null for what says so in its own row. */
  goodUntil: Date | null;
}

/** Stores a ticket by its hash. @returns when it expires */
export async function storeTicket(db: Db, hash: string, personId: string, origin: TicketOrigin): Promise<Date> {
  const { expiresAt } = await db
    .insertInto('eventTicket')
    .values({
      hash,
      personId,
      ...origin,
      expiresAt: sql<Date>`clock_timestamp() + ${TICKET_MS} * interval '1 millisecond'`,
    })
    .returning('expiresAt')
    .executeTakeFirstOrThrow();
  return expiresAt;
}

/** Uses a ticket up: of many who come with it at once, one gets the person, the others null. */
export async function useTicket(db: Db, hash: string): Promise<{ person: Person; origin: TicketOrigin } | null> {
  const used = await db
    .deleteFrom('eventTicket')
    .where('hash', '=', hash)
    .where('expiresAt', '>', sql<Date>`clock_timestamp()`)
    .returning(['personId', 'sessionId', 'goodUntil'])
    .executeTakeFirst();
  if (used === undefined) return null;
  const { personId, ...origin } = used;
  const person = await readPerson(db, personId);
  return person !== null && (await originStands(db, person, origin)) ? { person, origin } : null;
}

/** Whether what a ticket was asked for by would still let the same person in: their role, and their session or token. */
export async function originStands(
  db: Db,
  { id, role }: Pick<Person, 'id' | 'role'>,
  { sessionId, goodUntil }: TicketOrigin,
): Promise<boolean> {
  const { rows } = await sql<{ stands: boolean }>`
    select exists (
      select from person p where p.id = ${id} and p.role = ${role} and p.erased_at is null
        and (p.kind = 'human' or exists (
          select from service_token t where t.id = p.id and t.revoked_at is null and t.expires_at > clock_timestamp()))
        and (${sessionId}::uuid is null or exists (
          select from web_session s where s.id = ${sessionId} and s.person_id = p.id and ${isOpen()}))
        and coalesce(${goodUntil}::timestamptz > clock_timestamp(), true)) as stands`.execute(db);
  return rows[0]!.stands;
}
