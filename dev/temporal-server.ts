import { Client, Connection } from '@temporalio/client';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Child, startChild, whenReady } from './child.js';
import { identify, isStillRunning, type ProcessIdentity, stopProcess } from './process-identity.js';
import { isServing, searchAttributes } from './temporal-attributes.js';

/** The one namespace of a development server. */
export const temporalNamespace = 'default';

/** How to run a Temporal server of one's own. */
export interface TemporalOptions {
  /** The `temporal` program. */
  program: string;
  port: number;
  /** Port of the web UI; without it there is no UI. */
  uiPort?: number;
  /** Where workflows are kept, a SQLite file. */
  dbFile: string;
  env: Record<string, string>;
  onLine?: (line: string) => void;
  /** Told of the process as soon as it runs, before it is ready: it may have to be stopped. */
  onStart?: (child: Child) => void;
}

/** A Temporal server that runs. */
export interface TemporalServer {
  /** `host:port` for clients and workers. */
  address: string;
  child: Child;
}

function recordOf(dbFile: string): string {
  return `${dbFile}.pid`;
}

/** Stops the server that a killed run left on the same file, by the record that it wrote beside it. */
export async function clearTemporalLeftover(dbFile: string): Promise<void> {
  const text = await readFile(recordOf(dbFile), 'utf8').catch(() => undefined);
  if (!text) return;
  const left = JSON.parse(text) as ProcessIdentity;
  if (isStillRunning(left)) await stopProcess(left, 'SIGTERM', 10_000);
  await rm(recordOf(dbFile), { force: true });
}

function startArguments(options: TemporalOptions): string[] {
  const { port, uiPort, dbFile } = options;
  const attributes = Object.entries(searchAttributes).flatMap(([name, kind]) => [
    '--search-attribute',
    `${name}=${kind}`,
  ]);
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--db-filename=${dbFile}`,
    ...(uiPort === undefined ? ['--headless'] : [`--ui-port=${uiPort}`, '--ui-ip=127.0.0.1']),
    '--log-level=error',
    ...attributes,
    // A new attribute would else be refused for up to a minute after its registration.
    '--dynamic-config-value=system.forceSearchAttributesCacheRefreshOnRead=true',
  ];
}

/** Connects to a Temporal server, makes sure of the search attributes there, and says so when it can't be reached. */
export async function checkTemporal(address: string, connectTimeout = 5_000): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout }).catch((error: Error) => {
    throw new Error(`No Temporal server answers at ${address} (TEMPORAL_ADDRESS): ${error.message}`);
  });
  try {
    // The worker's code, needed only for a server that isn't ours.
    const { ensureSearchAttributes } = await import('../worker/search-attributes.js');
    await ensureSearchAttributes(new Client({ connection, namespace: temporalNamespace }));
  } finally {
    await connection.close();
  }
}

/** Starts a development server on its file, also after a run that was killed, and waits until it serves clients. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { dbFile, port } = options;
  await mkdir(dirname(dbFile), { recursive: true });
  await clearTemporalLeftover(dbFile);
  const { program, env, onLine } = options;
  const child = await startChild({ name: 'temporal', command: program, args: startArguments(options), env, onLine });
  options.onStart?.(child);
  await writeFile(recordOf(dbFile), JSON.stringify(identify(child.pid)));
  void child.exited.then(() => rm(recordOf(dbFile), { force: true }));
  const address = `127.0.0.1:${port}`;
  const connection = Connection.lazy({ address });
  try {
    await whenReady(child, () =>
      connection.withDeadline(Date.now() + 2_000, () => isServing(connection, temporalNamespace)),
    );
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    await connection.close();
  }
  return { address, child };
}
