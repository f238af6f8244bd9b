import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../dev/child.js';
import { projectRoot, readDevConfig } from '../dev/config.js';
import { unlimited } from '../api/limits.js';
import { addressesOf, productEnvironment, type StackAddresses } from '../dev/environment.js';
import { freePort } from '../dev/free-port.js';
import { ChildLog } from '../dev/log-file.js';
import { identify } from '../dev/process-identity.js';
import type { Say } from '../dev/progress.js';
import { Supervisor } from '../dev/supervisor.js';
import { VENDORS_NICENESS } from './niceness.js';
import { type BenchProcess, benchProcess, cpuMsWithChildren } from './process.js';
import { ensureProductBuild, type ProductBuild } from './product-build.js';
import { startDurablePostgres, startTemporalPostgres } from './postgres.js';
import { type NodeOptions, Processes, type Site, type WorkerOptions } from './stack-processes.js';
import { startTemporalOnPostgres } from './temporal-on-postgres.js';
import { ensureTemporalPrograms } from './temporal-programs.js';
import { throwawayKeys } from '../dev/throwaway-keys.js';

export type { BenchProcess } from './process.js';

/** Everything that the service needs, as in production, on loopback with data that is thrown away. */
export interface BenchStack {
  /** The product's database, migrated, without people. */
  databaseUrl: string;
  /** The database `postgres` of the product's server, for making others. */
  adminDatabaseUrl: string;
  temporalAddress: string;
  sandbox: { url: string; smtpPort: number; process: BenchProcess };
  /** Environment of worker and API. */
  env: Record<string, string>;
  /** Resolves when it polls for workflow tasks. */
  startWorker(options?: WorkerOptions): Promise<BenchProcess>;
  /** The first one takes the port that the sandbox's webhooks go to. */
  startApi(options?: { env?: Record<string, string>; nodeArgs?: string[] }): Promise<BenchProcess & { url: string }>;
  startNode(options: NodeOptions): Promise<BenchProcess>;
  /** All processes of both PostgreSQL servers (the product's and Temporal's), also those that have ended. */
  postgresCpuMs(): number;
  temporal: BenchProcess;
  /** Versions of what runs, and the settings that figures depend on. */
  versions: { postgres: string; temporalServer: string };
  settings: { shards: number; postgres: Record<string, string> };
  /** Where the processes' output and profiles lie until `stop`. */
  folder: string;
  /** Resolves with a message when a process ends that nobody stopped. */
  died: Promise<string>;
  /** Stops everything, the last started first, and removes its data. Safe to repeat. */
  stop(): Promise<void>;
}

/** How to bring it up. */
export interface BenchStackOptions {
  /** History shards of the Temporal server, 4 by default. */
  shards?: number;
  log?: Say;
  /** PostgreSQL's settings beside the usual ones. */
  postgres?: Record<string, string>;
}

/** What a run that was killed left among the temporary files. Its processes ended with it. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^punctual-bench-(\d+)-/.exec(name)?.[1] ?? 0);
    if (pid > 0 && identify(pid) === undefined) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

async function makeFolder(): Promise<string> {
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), `punctual-bench-${process.pid}-`));
  // As root, PostgreSQL runs as another user, who must reach its folder.
  await chmod(folder, 0o755);
  return folder;
}

async function chooseAddresses(): Promise<StackAddresses> {
  const [api, sandbox, smtp] = await Promise.all([freePort(), freePort(), freePort()]);
  const ports = { api, sandbox, smtp, postgres: 0, temporal: 0, temporalUi: 0 };
  return addressesOf(ports, { databaseUrl: '', temporalAddress: '' });
}

async function bringUp(site: Site): Promise<Omit<BenchStack, 'stop' | 'died' | 'folder'>> {
  const { config, folder, supervisor, logs, say, shards } = site;
  const [programs, postgres, temporalPostgres] = await Promise.all([
    ensureTemporalPrograms(config.cacheDir, say),
    startDurablePostgres({ folder, supervisor, onLine: logs.sink('postgres'), more: site.postgres }),
    startTemporalPostgres({ folder, supervisor, onLine: logs.sink('temporal-postgres'), more: site.postgres }),
  ]);
  const { adminUrl, databaseUrl } = postgres;
  const server = await startTemporalOnPostgres({
    programs,
    serverUrl: temporalPostgres.adminUrl,
    shards,
    folder,
    env: config.inherited,
    supervisor,
    onLine: logs.sink('temporal'),
  });
  const addresses = { ...(await chooseAddresses()), databaseUrl, temporalAddress: server.address };
  // A few people stand for thousands: what one of them may ask is not what is measured.
  const RATE_LIMITS = unlimited;
  // What people wait for goes first, as it does with machines or shares of the CPU for each (docs/operations.md).
  const WORKER_NICENESS = String(VENDORS_NICENESS);
  const product = { ...productEnvironment(config, addresses, throwawayKeys), RATE_LIMITS, WORKER_NICENESS };
  const processes = new Processes(site, addresses, { ...product, WORKFLOW_BUNDLE: site.build.workflowBundle });
  const sandbox = await processes.startSandbox();
  return {
    databaseUrl,
    adminDatabaseUrl: adminUrl,
    temporalAddress: server.address,
    sandbox: { url: addresses.sandbox, smtpPort: Number(new URL(addresses.smtp).port), process: sandbox },
    env: processes.env,
    startWorker: (options) => processes.startWorker(options),
    startApi: (options) => processes.startApi(options),
    startNode: (options) => processes.startNode(options),
    postgresCpuMs: () => cpuMsWithChildren(postgres.child.pid) + cpuMsWithChildren(temporalPostgres.child.pid),
    temporal: benchProcess(server.child, supervisor),
    versions: { postgres: postgres.version, temporalServer: programs.version },
    settings: { shards, postgres: postgres.settings },
  };
}

/** Compiles, and stops a compiler that a Ctrl-C has left behind. */
function buildProduct(supervisor: Supervisor, env: Record<string, string>): Promise<ProductBuild> {
  return ensureProductBuild(async (args) => {
    const child = await startChild({ name: 'build', command: process.execPath, args, env, cwd: projectRoot });
    supervisor.hold(child);
    return child;
  });
}

/**
 * Brings up PostgreSQL with durable settings, a Temporal server on it and the sandbox; workers and APIs are started by
 * the caller. Nothing survives: not a failure, not Ctrl-C (which ends this process), and no data after `stop`.
 */
export async function startBenchStack({
  shards = 4,
  log = () => {},
  postgres = {},
}: BenchStackOptions = {}): Promise<BenchStack> {
  const config = readDevConfig();
  const supervisor = new Supervisor();
  const folder = await makeFolder();
  const logs = await ChildLog.open(join(folder, 'logs'), (name, line) => log(`${name}: ${line}`));
  const onSignal = () => void stop().finally(() => process.exit(130));
  const stop = async () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await supervisor.stopAll();
    await logs.close();
    await rm(folder, { recursive: true, force: true });
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  void supervisor.died.then((message) => log(message));
  try {
    const startedAt = Date.now();
    const build = await buildProduct(supervisor, config.inherited);
    const parts = await bringUp({ config, folder, supervisor, logs, say: log, shards, postgres, build });
    log(`PostgreSQL, Temporal on it and the sandbox are up (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
    return { ...parts, folder, died: supervisor.died, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
