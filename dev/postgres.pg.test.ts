import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from './free-port.js';
import { type Postgres, startPostgres } from './postgres.js';
import { postgresAccount, reachableDataDir } from './postgres-account.js';

let folder: string;
const started: Postgres[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'punctual-pg-'));
  await chmod(folder, 0o755);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((postgres) => postgres.child.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(dataDir: string, durable = false): Promise<Postgres> {
  const postgres = await startPostgres({ dataDir, port: await freePort(), database: 'punctual', durable });
  started.push(postgres);
  return postgres;
}

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

test('keeps its data over a stop and over kill -9, and is the real PostgreSQL 18', async () => {
  const dataDir = join(folder, 'postgres');
  const first = await start(dataDir, true);
  const { rows } = await query(
    first.url,
    "select current_setting('server_version_num')::int / 10000 as major, uuidv7()",
  );
  expect(rows).toMatchObject([{ major: 18 }]);
  await query(first.url, 'create extension btree_gist; create table kept (n int); insert into kept values (1)');
  await first.child.stop();

  const second = await start(dataDir, true);
  await query(second.url, 'insert into kept values (2)');
  process.kill(second.child.pid, 'SIGKILL');
  await second.child.exited;

  const third = await start(dataDir, true);
  expect((await query(third.url, 'select n from kept order by n')).rows).toEqual([{ n: 1 }, { n: 2 }]);
});

test('the server that a killed run left on the data is stopped before the next start', async () => {
  const dataDir = join(folder, 'postgres');
  const orphan = await start(dataDir);
  await query(orphan.url, 'create table kept (n int)');
  const next = await start(dataDir);
  expect(await orphan.child.exited).toEqual({ code: 0, signal: null });
  expect((await query(next.url, 'select * from kept')).rows).toEqual([]);
});

test("a record whose pid is another program's now neither blocks the start nor harms that program", async () => {
  const dataDir = join(folder, 'postgres');
  const first = await start(dataDir);
  const record = await readFile(join(dataDir, 'postmaster.pid'), 'utf8');
  await first.child.stop();
  const stale = record.replace(/^\d+/, String(process.pid));
  await writeFile(join(dataDir, 'postmaster.pid'), stale, { mode: 0o600 });
  const second = await start(dataDir);
  expect((await query(second.url, 'select 1 as one')).rows).toEqual([{ one: 1 }]);
  // We are still here, or this line would never be reached.
  await sleep(0);
});

test('as root, data in a private folder is kept where the postgres user can reach it', async ({ skip }) => {
  const account = await postgresAccount();
  if (account.uid === undefined) skip('only root needs another user');
  const privateDir = join(folder, 'private');
  await mkdir(privateDir, { mode: 0o700 });
  const wanted = join(privateDir, 'postgres');
  const used = await reachableDataDir(wanted, account);
  expect(used).not.toBe(wanted);
  expect(await reachableDataDir(wanted, account)).toBe(used);
  expect(await reachableDataDir(join(folder, 'postgres'), account)).toBe(join(folder, 'postgres'));
  const postgres = await start(wanted);
  expect((await query(postgres.url, 'show data_directory')).rows).toEqual([{ data_directory: used }]);
  await postgres.child.stop();
  await rm(used, { recursive: true, force: true });
});
