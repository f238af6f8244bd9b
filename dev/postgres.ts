import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Child, startChild, whenReady } from './child.js';
import { postgresAccount, type PostgresAccount, reachableDataDir } from './postgres-account.js';
import { clearLeftover } from './postgres-leftover.js';
import { initialiseCluster, postgresPrograms, postgresRole } from './postgres-programs.js';

/** How to run a PostgreSQL of one's own. */
export interface PostgresOptions {
  /** Made when it isn't there. */
  dataDir: string;
  port: number;
  /** The database to have; made when it isn't there. */
  database: string;
  /** False trades safety for speed: for tests only, whose data nobody misses. Default true. */
  durable?: boolean;
  onLine?: (line: string) => void;
  /** Told of each process as soon as it runs, before it is ready: it may have to be stopped. */
  onStart?: (child: Child) => void;
}

/** A PostgreSQL that runs. */
export interface Postgres {
  /** Where its database is, user and password included. */
  url: string;
  child: Child;
}

function urlOf(port: number, database: string): string {
  const { user, password } = postgresRole;
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

function settings(options: PostgresOptions): string[] {
  const fast = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
  const all = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(options.durable === false ? fast : []),
  ];
  return all.flatMap((setting) => ['-c', setting]);
}

async function answers(port: number): Promise<boolean> {
  const client = new pg.Client({ connectionString: urlOf(port, 'postgres'), connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Makes the database at `url` on its server unless it is there. */
export async function ensureDatabase(serverUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/**
 * Starts it once. After kill -9 of a whole run its backends notice within a moment that their postmaster is
 * gone; until then a start is refused because of their shared memory, and is tried again.
 */
async function startServer(options: PostgresOptions, programs: string, account: PostgresAccount, dataDir: string) {
  for (let tries = 1; ; tries += 1) {
    const child = await startChild({
      name: 'postgres',
      command: join(programs, 'bin', 'postgres'),
      args: ['-D', dataDir, '-p', String(options.port), ...settings(options)],
      env: { LC_ALL: 'C', TZ: 'UTC' },
      cwd: dataDir,
      ...account,
      stopSignal: 'SIGINT',
      graceMs: 15_000,
      onLine: options.onLine,
    });
    options.onStart?.(child);
    try {
      await whenReady(child, () => answers(options.port));
      return child;
    } catch (error) {
      await child.stop();
      if (tries === 20 || !/pre-existing shared memory|lock file .* already exists/.test(String(error))) throw error;
      await sleep(250);
    }
  }
}

/** Stops the server that a killed run left on a data folder, so that its port is free again. */
export async function clearPostgresLeftover(dataDir: string): Promise<void> {
  await clearLeftover(await reachableDataDir(dataDir, await postgresAccount()));
}

/** Starts PostgreSQL on a data folder, also after a run that was killed, and makes its database. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const account = await postgresAccount();
  const dataDir = await reachableDataDir(options.dataDir, account);
  const programs = await postgresPrograms(account);
  await clearLeftover(dataDir);
  await initialiseCluster(programs, dataDir, account);
  const child = await startServer(options, programs, account, dataDir);
  await ensureDatabase(urlOf(options.port, 'postgres'), options.database);
  return { url: urlOf(options.port, options.database), child };
}
