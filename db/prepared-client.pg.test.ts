import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/setup/database.js';
import { openDatabase, type Db } from './database.js';
import { StatementNames } from './prepared-client.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, { maxConnections: 1 });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const times = async (count: number, work: () => Promise<unknown>): Promise<void> => {
  for (let n = 0; n < count; n += 1) await work();
};

async function preparedTexts(): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
  return rows.map(({ statement }) => statement);
}

test('a statement is prepared once it has been said twice, and answers the same', async () => {
  const ask = (name: string) =>
    sql<{ said: string }>`select ${name}::text || '!' as said`.execute(db).then(({ rows }) => rows[0]?.said);
  expect([await ask('a'), await ask('b')]).toEqual(['a!', 'b!']);
  expect(await preparedTexts()).toEqual([]);
  expect([await ask('c'), await ask('d')]).toEqual(['c!', 'd!']);
  expect(await preparedTexts()).toEqual([expect.stringContaining("|| '!'")]);
});

test('what fails keeps failing with its own error, and the statement stays usable', async () => {
  const divide = (by: number) => sql<{ n: number }>`select 6 / ${by}::int as n`.execute(db);
  await times(3, () => divide(2));
  await expect(divide(0)).rejects.toMatchObject({ code: '22012' });
  expect((await divide(3)).rows).toEqual([{ n: 2 }]);
});

test('a migration may change a table under it, outside of a transaction and inside', async () => {
  await sql`create table thing (id int primary key)`.execute(db);
  await sql`insert into thing values (1)`.execute(db);
  const read = (on: Db) => sql<object>`select * from thing where id = ${1}`.execute(on).then(({ rows }) => rows[0]);
  await times(4, () => read(db));
  await sql`alter table thing add column colour text default 'red'`.execute(db);
  expect(await read(db)).toEqual({ id: 1, colour: 'red' });

  await times(4, () => read(db));
  await sql`alter table thing add column size int default 7`.execute(db);
  expect(await db.transaction().execute((trx) => read(trx))).toEqual({ id: 1, colour: 'red', size: 7 });
});

test('texts without end neither are all prepared nor fill the memory', () => {
  const names = new StatementNames();
  const prepared = new Set<string>();
  for (let n = 0; n < 20_000; n += 1) {
    for (let time = 0; time < 3; time += 1) {
      const name = names.nameOf(`select ${n}`);
      if (name !== null) prepared.add(name);
    }
  }
  expect(prepared.size).toBe(500);
});
