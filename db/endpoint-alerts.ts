import { sql } from 'kysely';
import type { Db } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { decryptField } from './field-encryption.js';

/** An endpoint that was given up, of which admins have not been told. */
export interface GivenUpEndpoint {
  id: string;
  url: string;
  reason: 'gone' | 'failing';
  /** Epoch ms. */
  disabledAt: number;
}

/** Somebody to be told by mail. */
export interface AdminToTell {
  id: string;
  name: string;
  email: string;
  locale: string;
  timeZone: string;
}

async function readAdmins(db: Db): Promise<AdminToTell[]> {
  const { rows } = await sql<Omit<AdminToTell, 'name' | 'email'> & { name: Encrypted; email: Encrypted }>`
    select id, name, email, locale, time_zone from person
    where role = 'admin' and kind = 'human' and erased_at is null and email is not null order by id`.execute(db);
  return rows.map(({ name, email, ...rest }) => ({
    ...rest,
    name: decryptField(db, 'person.name', rest.id, name),
    email: decryptField(db, 'person.email', rest.id, email),
  }));
}

/**
 * Lets `tell` tell admins of one endpoint, and writes down that it did; what throws is asked for again. Relays at once take
 * different ones. @returns how many, 0 or 1
 */
export function tellOfOneEndpoint(
  db: Db,
  tell: (endpoint: GivenUpEndpoint, admins: readonly AdminToTell[]) => Promise<void>,
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<GivenUpEndpoint>`
      select id, url, disabled_reason as reason, (extract(epoch from disabled_at) * 1000)::float8 as disabled_at
      from webhook_endpoint where status = 'disabled' and told_at is null
      order by webhook_endpoint.disabled_at limit 1 for update skip locked`.execute(trx);
    const [endpoint] = rows;
    if (endpoint === undefined) return 0;
    await tell(endpoint, await readAdmins(trx));
    await sql`update webhook_endpoint set told_at = clock_timestamp() where id = ${endpoint.id}`.execute(trx);
    return 1;
  });
}
