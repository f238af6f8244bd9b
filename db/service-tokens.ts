import { sql } from 'kysely';
import type { Db } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { decryptField, encryptField } from './field-encryption.js';
import { type Person, shownPerson } from './people.js';

/** A service token as admins see it; its secret is shown once and kept by its SHA-256 alone. */
export interface ServiceToken {
  id: string;
  name: string;
  scopes: string[];
  createdBy: string | null;
  createdAt: Date;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface NewServiceToken {
  id: string;
  name: string;
  scopes: readonly string[];
  secretHash: string;
  createdBy: string;
  expiresAt: Date;
}

const select = (db: Db) =>
  db
    .selectFrom('serviceToken as s')
    .innerJoin('person as p', 'p.id', 's.id')
    .select(['s.id', 'p.name', 's.scopes', 's.createdBy', 's.createdAt', 's.expiresAt', 's.lastUsedAt', 's.revokedAt']);

const inClear = (db: Db, row: Omit<ServiceToken, 'name'> & { name: Encrypted }): ServiceToken => {
  return { ...row, name: decryptField(db, 'person.name', row.id, row.name) };
};

/** Makes a token and the person that it acts as; a repeat under the same id gives the same token another secret. */
export async function makeServiceToken(db: Db, token: NewServiceToken): Promise<ServiceToken> {
  const { id, name, scopes, secretHash, createdBy, expiresAt } = token;
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('person')
      .values({
        id,
        subject: `service:${id}`,
        role: 'admin',
        kind: 'service',
        name: encryptField(trx, 'person.name', id, name),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    await trx
      .insertInto('serviceToken')
      .values({ id, scopes: [...scopes], secretHash, createdBy, expiresAt })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ secretHash }))
      .execute();
  });
  return inClear(db, await select(db).where('s.id', '=', id).executeTakeFirstOrThrow());
}

/** Gives a live token another secret, the old one dies. @returns false where there is no live one */
export async function renewSecret(db: Db, id: string, secretHash: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('serviceToken')
    .set({ secretHash })
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The newest first. */
export async function listServiceTokens(
  db: Db,
  { limit, before }: { limit: number; before: { createdAt: Date; id: string } | null },
): Promise<ServiceToken[]> {
  let query = select(db).orderBy('s.createdAt', 'desc').orderBy('s.id', 'desc').limit(limit);
  if (before !== null) {
    query = query.where((eb) => eb(eb.refTuple('s.createdAt', 's.id'), '<', eb.tuple(before.createdAt, before.id)));
  }
  return (await query.execute()).map((row) => inClear(db, row));
}

/** @returns the hash of its secret; null where there is no such token. Ending an ended one changes nothing. */
export async function revokeServiceToken(db: Db, id: string): Promise<string | null> {
  const row = await db
    .updateTable('serviceToken')
    .set({ revokedAt: sql<Date>`coalesce(revoked_at, clock_timestamp())` })
    .where('id', '=', id)
    .returning('secretHash')
    .executeTakeFirst();
  return row?.secretHash ?? null;
}

export interface FoundService {
  person: Person;
  scopes: string[];
  isExpired: boolean;
}

/** The token of a hash, unless it was revoked; notes once a minute that it is in use. */
export async function findService(db: Db, secretHash: string): Promise<FoundService | null> {
  const row = await db
    .selectFrom('serviceToken as s')
    .innerJoin('person as p', 'p.id', 's.id')
    .where('s.secretHash', '=', secretHash)
    .where('s.revokedAt', 'is', null)
    .select(['p.id', 'p.role', 'p.name', 'p.locale', 'p.timeZone', 's.scopes'])
    .select(sql<boolean>`s.expires_at <= clock_timestamp()`.as('isExpired'))
    .select(sql<boolean>`coalesce(s.last_used_at < clock_timestamp() - interval '1 minute', true)`.as('wasIdle'))
    .executeTakeFirst();
  if (row === undefined) return null;
  const { scopes, isExpired, wasIdle, ...person } = row;
  if (wasIdle && !isExpired) {
    await sql`update service_token set last_used_at = clock_timestamp() where id = ${person.id}`.execute(db);
  }
  return { person: shownPerson(db, person), scopes, isExpired };
}
