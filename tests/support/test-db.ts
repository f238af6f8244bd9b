import { afterAll, beforeAll } from 'vitest';
import { openDatabase, type Db } from '../../db/database.js';
import { createTestDatabase, type TestDatabase } from '../setup/database.js';

/** A database for the calling test file, dropped at its end; `db()` is its handle and `db.url()` its address once tests run. */
export function useTestDatabase(): (() => Db) & { url(): string } {
  let database: TestDatabase;
  let db: Db;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.url);
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });
  return Object.assign(() => db, { url: () => database.url });
}
