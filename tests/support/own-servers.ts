import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateToLatest } from '../../db/migrate.js';
import type { Child } from '../../dev/child.js';
import { readDevConfig } from '../../dev/config.js';
import { freePort } from '../../dev/free-port.js';
import { startPostgres } from '../../dev/postgres.js';
import { sayOnStderr } from '../../dev/progress.js';
import { findTemporal } from '../../dev/temporal-binary.js';
import { startTemporal } from '../../dev/temporal-server.js';

/** A server of the test's own, that can be killed and comes back on the same port with what it had stored. */
export interface OwnServer {
  /** `host:port` of Temporal, the migrated database's URL of PostgreSQL. */
  address: string;
  /** SIGKILL: nothing is cleaned up. */
  kill(): Promise<void>;
  /** Starts it again and waits until it serves. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

async function ownServer(start: (folder: string) => Promise<{ address: string; child: Child }>): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'punctual-outage-'));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user
  let running = await start(folder);
  return {
    address: running.address,
    async kill() {
      process.kill(running.child.pid, 'SIGKILL');
      await running.child.exited;
    },
    async restart() {
      running = await start(folder);
    },
    async close() {
      await running.child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Temporal development server on a file. */
export async function startOwnTemporal(): Promise<OwnServer> {
  const { cacheDir, inherited } = readDevConfig();
  const source = await findTemporal({ path: inherited['PATH'] ?? '', cacheDir, say: sayOnStderr });
  if (source.kind !== 'program') throw new Error('a Temporal program is needed, to kill it');
  const port = await freePort();
  return ownServer((folder) =>
    startTemporal({ program: source.path, port, dbFile: join(folder, 'temporal.db'), env: inherited }),
  );
}

/** A PostgreSQL that syncs its writes, with a migrated database. */
export async function startOwnPostgres(): Promise<OwnServer> {
  const port = await freePort();
  const server = await ownServer(async (folder) => {
    const { url, child } = await startPostgres({ dataDir: join(folder, 'postgres'), port, database: 'punctual' });
    return { address: url, child };
  });
  await migrateToLatest(server.address);
  return server;
}
