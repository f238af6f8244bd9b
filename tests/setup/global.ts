import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readDevConfig } from '../../dev/config.js';
import { freePort } from '../../dev/free-port.js';
import { startPostgres } from '../../dev/postgres.js';
import { sayOnStderr } from '../../dev/progress.js';
import { Supervisor } from '../../dev/supervisor.js';
import { findTemporal } from '../../dev/temporal-binary.js';
import { checkTemporal, startTemporal } from '../../dev/temporal-server.js';
import { writeWorkflowBundle } from '../../worker/bundle.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database on the run's PostgreSQL whose role may create others. Tests take theirs from ./database.ts. */
    postgresUrl: string;
    /** `host:port` of the run's Temporal server, namespace `default`, search attributes registered. */
    temporalAddress: string;
    /** Tells this run's databases from another's on a shared server. */
    runId: string;
    /** The workflows' bundle, built once for the run. */
    workflowBundle: string;
  }
}

const config = readDevConfig();

async function bringUpPostgres(supervisor: Supervisor, folder: string): Promise<string> {
  if (config.databaseUrl) return config.databaseUrl;
  const dataDir = join(folder, 'postgres');
  const postgres = await startPostgres({ dataDir, port: await freePort(), database: 'punctual', durable: false });
  supervisor.watch(postgres.child);
  return postgres.url;
}

async function bringUpTemporal(supervisor: Supervisor, folder: string): Promise<string> {
  const { temporalAddress, cacheDir, inherited } = config;
  const source = await findTemporal({
    address: temporalAddress,
    path: inherited['PATH'] ?? '',
    cacheDir,
    say: sayOnStderr,
  });
  if (source.kind === 'address') {
    await checkTemporal(source.address);
    return source.address;
  }
  const dbFile = join(folder, 'temporal.db');
  const temporal = await startTemporal({ program: source.path, port: await freePort(), dbFile, env: inherited });
  supervisor.watch(temporal.child);
  return temporal.address;
}

/** Brings up one PostgreSQL and one Temporal server for the whole run; stops both and removes their data at its end. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const supervisor = new Supervisor();
  const folder = await mkdtemp(join(tmpdir(), 'punctual-test-'));
  // As root, PostgreSQL runs as another user, who must reach its folder.
  await chmod(folder, 0o755);
  const tearDown = async () => {
    await supervisor.stopAll();
    await rm(folder, { recursive: true, force: true });
  };
  void supervisor.died.then((message) => process.stderr.write(`${message}\n`));
  const workflowBundle = join(folder, 'workflow-bundle.js');
  const both = [bringUpPostgres(supervisor, folder), bringUpTemporal(supervisor, folder)] as const;
  const settled = await Promise.allSettled([...both, writeWorkflowBundle(workflowBundle)]);
  const failure = settled.find((result) => result.status === 'rejected');
  if (failure) {
    await tearDown();
    throw failure.reason;
  }
  const [postgresUrl, temporalAddress] = await Promise.all(both);
  project.provide('postgresUrl', postgresUrl);
  project.provide('temporalAddress', temporalAddress);
  project.provide('workflowBundle', workflowBundle);
  project.provide('runId', `${process.pid}_${Date.now().toString(36)}`);
  return tearDown;
}
