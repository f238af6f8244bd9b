import { sql } from 'kysely';
import type { Db } from './database.js';
import { type Person, shownPerson } from './people.js';

/** How long a session lasts: whatever happens, and without a request. */
export interface SessionLimits {
  longestMs: number;
  idleMs: number;
}

/** Opens a session under its cookie's hash, and ends the one that the browser had. */
export async function openSession(
  db: Db,
  session: { secretHash: string; personId: string; replaces: string | null },
  { longestMs, idleMs }: SessionLimits,
): Promise<void> {
  await sql`
    with replaced as (
      update web_session set revoked_at = clock_timestamp()
      where secret_hash = ${session.replaces} and revoked_at is null)
    insert into web_session (secret_hash, person_id, expires_at, idle_ms)
    values (${session.secretHash}, ${session.personId}, clock_timestamp() + ${longestMs} * interval '1 millisecond',
      ${idleMs})`.execute(db);
}

export interface OpenSession {
  id: string;
  person: Person;
}

/** Of the session `s`. */
export const isOpen = () => sql<boolean>`
  s.revoked_at is null and s.expires_at > clock_timestamp() and s.seen_at > clock_timestamp() - s.idle_ms * interval '1 millisecond'`;

/** The open session of a cookie's hash with its person, else null. Notes once a minute that it is in use. */
export async function findSession(db: Db, secretHash: string): Promise<OpenSession | null> {
  const row = await db
    .selectFrom('webSession as s')
    .innerJoin('person as p', 'p.id', 's.personId')
    .where('s.secretHash', '=', secretHash)
    .where('p.erasedAt', 'is', null)
    .where(isOpen())
    .select(['s.id as sessionId', 'p.id', 'p.role', 'p.name', 'p.locale', 'p.timeZone'])
    .select(sql<boolean>`s.seen_at < clock_timestamp() - interval '1 minute'`.as('wasIdle'))
    .executeTakeFirst();
  if (row === undefined) return null;
  const { sessionId, wasIdle, ...person } = row;
  if (wasIdle) {
    await sql`update web_session set seen_at = clock_timestamp() where id = ${sessionId}`.execute(db);
  }
  return { id: sessionId, person: shownPerson(db, person) };
}

/** A person's open sessions, the newest first. */
export function listSessions(db: Db, personId: string) {
  return db
    .selectFrom('webSession as s')
    .where('s.personId', '=', personId)
    .where(isOpen())
    .select(['s.id', 's.createdAt', 's.seenAt', 's.expiresAt'])
    .orderBy('s.id', 'desc')
    .limit(100)
    .execute();
}

/** Ends a session. @returns its hash, or null where there was none to end */
export async function endSession(
  db: Db,
  by: { secretHash: string } | { id: string; personId: string },
): Promise<string | null> {
  const update = db
    .updateTable('webSession')
    .set({ revokedAt: sql<Date>`clock_timestamp()` })
    .where('revokedAt', 'is', null)
    .returning('secretHash');
  const row = await (
    'id' in by
      ? update.where('id', '=', by.id).where('personId', '=', by.personId)
      : update.where('secretHash', '=', by.secretHash)
  ).executeTakeFirst();
  return row?.secretHash ?? null;
}
