import { type RawBuilder, sql } from 'kysely';
import { type Db, openDatabase, type Trx } from './database.js';
import { ENCRYPTED_COLUMNS, type EncryptedColumn } from './encrypted-columns.js';
import {
  type Encrypted,
  type FieldName,
  type KeyProvider,
  keyIdOf,
  storedText,
  UnreadableField,
} from './field-cipher.js';
import { cipherOf, contactIndex, decryptField } from './field-encryption.js';

/** What one column has after a rotation. */
export interface RotatedColumn {
  field: FieldName;
  rewritten: number;
  /** Values that no key of ours opens: left as they are. */
  unreadable: number;
}

const BATCH = 500;

interface Place {
  table: RawBuilder<unknown>;
  value: RawBuilder<unknown>;
  key: RawBuilder<unknown>;
}

function placeOf({ field, key, inJson }: EncryptedColumn): Place {
  const [table, column] = field.split('.') as [string, string];
  return {
    table: sql.table(table),
    value: inJson ? sql`(${sql.ref(column)} ->> 'text')` : sql.ref(column),
    key: sql.join(key.map((name) => sql.ref(name))),
  };
}

/**
 * Encrypts with the current key whatever was encrypted with another one, or is still in clear, in batches: broken off, it
 * goes on where it was when it is run again. Blind indexes that are missing are filled in.
 */
export async function rotateKeys(db: Db): Promise<RotatedColumn[]> {
  const rotated: RotatedColumn[] = [];
  for (const column of ENCRYPTED_COLUMNS) rotated.push(await rotateColumn(db, column));
  await fillContactIndexes(db);
  return rotated;
}

/** After a migration: what an earlier release wrote in clear is encrypted before anybody reads it. */
export async function encryptWhatIsClear(databaseUrl: string, fieldKeys: () => KeyProvider): Promise<void> {
  const db = openDatabase(databaseUrl, { maxConnections: 2, fieldKeys });
  try {
    const { rows } = await sql`select from person where not starts_with(name, 'e1.') limit 1`.execute(db);
    if (rows.length > 0) await rotateKeys(db);
  } finally {
    await db.destroy();
  }
}

async function rotateColumn(db: Db, column: EncryptedColumn): Promise<RotatedColumn> {
  const done: RotatedColumn = { field: column.field, rewritten: 0, unreadable: 0 };
  let after: string[] | null = null;
  do {
    const from: string[] | null = after;
    const batch: RotatedBatch = await db.transaction().execute((trx) => rotateBatch(trx, column, from));
    done.rewritten += batch.rewritten;
    done.unreadable += batch.unreadable;
    after = batch.last;
  } while (after !== null);
  return done;
}

type RotatedBatch = Omit<RotatedColumn, 'field'> & { last: string[] | null };

/** In the order of the primary key. @returns the last key looked at, null at the end */
async function rotateBatch(trx: Trx, column: EncryptedColumn, after: string[] | null): Promise<RotatedBatch> {
  const { table, value, key } = placeOf(column);
  const ours = `e1.${cipherOf(trx).currentKeyId()}.`;
  const further = after === null ? sql`true` : sql`(${key}) > (${sql.join(after)})`;
  const { rows } = await sql<{ place: string; key: string[]; stored: Encrypted }>`
    select ctid::text as place, array[${sql.join(column.key.map((name) => sql`${sql.ref(name)}::text`))}] as key,
      ${value} as stored
    from ${table} where ${value} is not null and not starts_with(${value}, ${ours}) and ${further}
    order by ${key} limit ${BATCH} for update`.execute(trx);
  const renewed = rows.flatMap(({ place, key: parts, stored }) => {
    const fresh = renew(trx, column.field, parts.join('|'), stored);
    return fresh === null ? [] : [{ place, value: fresh }];
  });
  await writeBack(trx, column, renewed);
  const last = rows.length < BATCH ? null : rows.at(-1)!.key;
  return { last, rewritten: renewed.length, unreadable: rows.length - renewed.length };
}

function renew(trx: Trx, field: FieldName, row: string, stored: Encrypted): Encrypted | null {
  const cipher = cipherOf(trx);
  if (keyIdOf(stored) === null) return cipher.encrypt(field, row, storedText(stored));
  try {
    return cipher.encrypt(field, row, cipher.decrypt(field, row, stored));
  } catch (error) {
    if (error instanceof UnreadableField) return null;
    throw error;
  }
}

/** The rows are locked, so each is still where it was read. */
async function writeBack(
  trx: Trx,
  column: EncryptedColumn,
  renewed: { place: string; value: Encrypted }[],
): Promise<void> {
  if (renewed.length === 0) return;
  const { table } = placeOf(column);
  const name = column.field.split('.')[1]!;
  const value = column.inJson ? sql`jsonb_build_object('text', n.value)` : sql`n.value`;
  await sql`
    update ${table} t set ${sql.ref(name)} = ${value}
    from jsonb_to_recordset(${JSON.stringify(renewed)}::jsonb) as n(place text, value text)
    where t.ctid = n.place::tid`.execute(trx);
}

async function fillContactIndexes(db: Db): Promise<void> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const people = await db
      .selectFrom('person')
      .where('id', '>', after)
      .where((eb) =>
        eb.or([
          eb.and([eb('email', 'is not', null), eb('emailIndex', 'is', null)]),
          eb.and([eb('phone', 'is not', null), eb('phoneIndex', 'is', null)]),
        ]),
      )
      .select(['id', 'email', 'phone'])
      .orderBy('id')
      .limit(BATCH)
      .execute();
    if (people.length === 0) return;
    after = people.at(-1)!.id;
    const rows = people.map(({ id, email, phone }) => ({
      id,
      email: indexOf(db, 'person.email', id, email),
      phone: indexOf(db, 'person.phone', id, phone),
    }));
    await sql`
      update person set email_index = n.email, phone_index = n.phone
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n(id uuid, email text, phone text)
      where person.id = n.id`.execute(db);
  }
}

function indexOf(db: Db, field: 'person.email' | 'person.phone', id: string, stored: Encrypted | null): string | null {
  try {
    return stored && contactIndex(db, field, decryptField(db, field, id, stored));
  } catch (error) {
    if (error instanceof UnreadableField) return null;
    throw error;
  }
}

/** How many values each key has encrypted, by field: a key that is not among them can be removed. `null`: in clear. */
export async function keysInUse(db: Db): Promise<{ field: FieldName; keyId: string | null; values: number }[]> {
  const counts = await Promise.all(
    ENCRYPTED_COLUMNS.map(async (column) => {
      const { table, value } = placeOf(column);
      const { rows } = await sql<{ keyId: string | null; values: number }>`
        select case when ${value} like 'e1.%.%' then split_part(${value}, '.', 2) end as key_id, count(*) as values
        from ${table} where ${value} is not null group by 1 order by 1`.execute(db);
      return rows.map((row) => ({ field: column.field, ...row }));
    }),
  );
  return counts.flat();
}
