import { sql } from 'kysely';
import type { Role, Status } from '../domain/types.js';
import type { Db } from './database.js';

/** Gives a person's feed another secret; the old one leads nowhere from then on. @returns when, by PostgreSQL's clock */
export async function renewFeed(db: Db, personId: string, secretHash: string): Promise<Date> {
  const { createdAt } = await db
    .insertInto('calendarFeed')
    .values({ personId, secretHash })
    .onConflict((conflict) =>
      conflict.column('personId').doUpdateSet({ secretHash, createdAt: sql<Date>`clock_timestamp()` }),
    )
    .returning('createdAt')
    .executeTakeFirstOrThrow();
  return createdAt;
}

/** Takes a person's feed away. */
export async function endFeed(db: Db, personId: string): Promise<void> {
  await db.deleteFrom('calendarFeed').where('personId', '=', personId).execute();
}

/** An appointment as a feed shows it, as of PostgreSQL's clock. */
export interface FeedEntry {
  id: string;
  startsAt: Date;
  endsAt: Date;
  version: number;
  updatedAt: Date;
  status: Status;
  activatedAt: Date | null;
}

export interface Feed {
  locale: string;
  entries: FeedEntry[];
}

/** What has long been over is left out, and of very many the latest are shown. */
const KEPT_DAYS = 90;
const MOST_ENTRIES = 500;

/** The feed behind a secret's hash, or null. Clients see their own, therapists their own once activated; admins none. */
export async function readFeed(db: Db, secretHash: string): Promise<Feed | null> {
  const owner = await db
    .selectFrom('calendarFeed as f')
    .innerJoin('person as p', 'p.id', 'f.personId')
    .where('f.secretHash', '=', secretHash)
    .where('p.erasedAt', 'is', null)
    .select(['p.id', 'p.role', 'p.locale'])
    .executeTakeFirst();
  if (owner === undefined) return null;
  return { locale: owner.locale, entries: owner.role === 'admin' ? [] : await entriesOf(db, owner.id, owner.role) };
}

async function entriesOf(db: Db, personId: string, role: Exclude<Role, 'admin'>): Promise<FeedEntry[]> {
  const whose =
    role === 'client'
      ? sql`a.client_id = ${personId}`
      : sql`a.therapist_id = ${personId} and a.activated_at is not null`;
  const { rows } = await sql<FeedEntry>`
    select a.id, a.starts_at, a.ends_at, a.version, a.updated_at, a.activated_at, (appointment_now(a, clock_timestamp())).status
    from appointment a
    where ${whose} and a.starts_at > clock_timestamp() - ${KEPT_DAYS} * interval '1 day'
    order by a.starts_at desc, a.id limit ${MOST_ENTRIES}`.execute(db);
  return rows.toReversed();
}
