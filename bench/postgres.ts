import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrateToLatest } from '../db/migrate.js';
import type { Child } from '../dev/child.js';
import { freePort } from '../dev/free-port.js';
import { type Postgres, startPostgres } from '../dev/postgres.js';
import { postgresAccount } from '../dev/postgres-account.js';
import { initialiseCluster, postgresPrograms } from '../dev/postgres-programs.js';
import type { Supervisor } from '../dev/supervisor.js';
import { giveWay } from '../worker/niceness.js';
import { TEMPORAL_NICENESS } from './niceness.js';

/**
 * Durable as in production: fsync, synchronous_commit and full_page_writes stay on. What differs from PostgreSQL's
 * defaults is what every guide to a server of a few GB sets: memory, and checkpoints that don't fall into a run.
 */
const settings: Record<string, string> = {
  shared_buffers: '512MB',
  effective_cache_size: '2GB',
  work_mem: '16MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
};

/** A PostgreSQL of the bench's own with the product's database, migrated. */
export interface DurablePostgres {
  adminUrl: string;
  databaseUrl: string;
  child: Child;
  version: string;
  settings: Record<string, string>;
}

const shown = [...Object.keys(settings), 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method'];

async function ask(url: string): Promise<{ version: string; settings: Record<string, string> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; value: string }>(
      `select name, current_setting(name) as value from pg_settings where name = any($1) order by name`,
      [[...shown, 'server_version']],
    );
    const { server_version: version = '', ...found } = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    return { version, settings: found };
  } finally {
    await client.end();
  }
}

/** How to start one. */
export interface DurablePostgresOptions {
  folder: string;
  supervisor: Supervisor;
  onLine: (line: string) => void;
  /** Settings beside ours. */
  more?: Record<string, string>;
}

async function startServer(
  { folder, supervisor, onLine, more }: DurablePostgresOptions,
  name: string,
  database: string,
): Promise<Postgres> {
  const dataDir = join(folder, name);
  const account = await postgresAccount();
  await initialiseCluster(await postgresPrograms(account), dataDir, account);
  const lines = Object.entries({ ...settings, ...more }).map(([key, value]) => `${key} = '${value}'\n`);
  await appendFile(join(dataDir, 'postgresql.conf'), lines.join(''));
  const port = await freePort();
  const postgres = await startPostgres({ dataDir, port, database, onLine, onStart: (child) => supervisor.hold(child) });
  supervisor.watch(postgres.child);
  return postgres;
}

function adminUrlOf({ url }: Postgres): string {
  const admin = new URL(url);
  admin.pathname = '/postgres';
  return admin.href;
}

/** Starts the product's on an empty folder and migrates its database. */
export async function startDurablePostgres(options: DurablePostgresOptions): Promise<DurablePostgres> {
  const postgres = await startServer(options, 'postgres', 'punctual');
  await migrateToLatest(postgres.url);
  return {
    adminUrl: adminUrlOf(postgres),
    databaseUrl: postgres.url,
    child: postgres.child,
    ...(await ask(postgres.url)),
  };
}

/**
 * Starts Temporal's own, as production has it: here on the same two cores, so that it gives way as its server does to
 * what people wait for (docs/operations.md, "Scaling"). Backends inherit it from the postmaster.
 */
export async function startTemporalPostgres(
  options: DurablePostgresOptions,
): Promise<{ adminUrl: string; child: Child }> {
  const postgres = await startServer(options, 'temporal-postgres', 'postgres');
  giveWay(TEMPORAL_NICENESS, postgres.child.pid);
  return { adminUrl: adminUrlOf(postgres), child: postgres.child };
}
