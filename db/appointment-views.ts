import { sql } from 'kysely';
import { advance, type View } from '../domain/advance.js';
import { selectAppointments, toLoaded } from './appointment-record.js';
import { compiledRead } from './compiled-read.js';
import type { Db } from './database.js';

/** A view with what tells its rows' states apart: the version grows with every change. */
export interface StoredView extends View {
  version: number;
  updatedAt: number;
}

const readMany = compiledRead(['ids'], (db, { ids }) =>
  selectAppointments(db).where(sql<boolean>`a.id = any(${ids}::uuid[])`),
);

/** Several appointments as of PostgreSQL's clock, by id. */
export async function viewsOf(db: Db, ids: readonly string[]): Promise<Map<string, StoredView>> {
  if (ids.length === 0) return new Map();
  const rows = await readMany(db, { ids: [...new Set(ids)] });
  return new Map(
    rows.map((row) => {
      const { record, now } = toLoaded(row);
      return [record.id, { ...advance(record, now), version: row.version, updatedAt: row.updatedAt.getTime() }];
    }),
  );
}
