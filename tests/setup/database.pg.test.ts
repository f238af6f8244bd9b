import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.js';

const made: TestDatabase[] = [];
afterAll(async () => {
  await Promise.all(made.map((database) => database.drop()));
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}

test('two asked for at once are migrated alike and share nothing', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  made.push(one, two);
  await query(one.url, 'create table only_here (n int)');
  const tables = "select table_name from information_schema.tables where table_schema = 'public' order by 1";
  const [ofOne, ofTwo] = await Promise.all([query(one.url, tables), query(two.url, tables)]);
  expect(ofTwo).toContainEqual({ table_name: 'appointment' });
  expect(ofOne).toHaveLength(ofTwo.length + 1);
});

test('a dropped one is gone, although somebody is still connected', async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  await database.drop();
  await expect(query(database.url, 'select 1')).rejects.toThrow(/does not exist/);
});
