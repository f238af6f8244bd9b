import type { Db } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { decryptField } from './field-encryption.js';

/** Therapists with their names, as anybody signed in may see them. */
function selectTherapists(db: Db) {
  return db
    .selectFrom('therapist')
    .innerJoin('person', 'person.id', 'therapist.id')
    .select([
      'therapist.id',
      'person.name',
      'person.timeZone',
      'therapist.currency',
      'therapist.rates',
      'therapist.durationsMinutes',
      'therapist.weeklyHours',
      'therapist.exceptions',
      'therapist.policy',
    ]);
}

function inClear<Row extends { id: string; name: Encrypted }>(db: Db, row: Row) {
  return { ...row, name: decryptField(db, 'person.name', row.id, row.name) };
}

type Row = Awaited<ReturnType<ReturnType<typeof selectTherapists>['execute']>>[number];
export type Therapist = ReturnType<typeof inClear<Row>>;

/** By id (names are encrypted, PostgreSQL can't order them), after the one where the last page ended. */
export async function listTherapists(db: Db, page: { limit: number; after: string | null }): Promise<Therapist[]> {
  const { limit, after } = page;
  let query = selectTherapists(db);
  if (after !== null) query = query.where('therapist.id', '>', after);
  const rows = await query.orderBy('therapist.id').limit(limit).execute();
  return rows.map((row) => inClear(db, row));
}

export async function readTherapist(db: Db, id: string): Promise<Therapist | null> {
  const row = await selectTherapists(db).where('therapist.id', '=', id).executeTakeFirst();
  return row === undefined ? null : inClear(db, row);
}
