import { join } from 'node:path';
import { readFieldKeys } from '../db/config.js';
import { encryptWhatIsClear } from '../db/key-rotation.js';
import { migrateToLatest } from '../db/migrate.js';
import { readMinuteMs } from '../db/seed-config.js';
import { seed, type SeededSignIns } from '../db/seeds.js';
import { type ChildSpec, type Probe, startChild } from './child.js';
import { type DevConfig, type Ports, projectRoot } from './config.js';
import { addressesOf, productEnvironment, sandboxEnvironment, type StackAddresses } from './environment.js';
import type { FieldKeyEnvironment } from './field-keys.js';
import type { ChildLog } from './log-file.js';
import { startPostgres } from './postgres.js';
import { type Say, withProgress } from './progress.js';
import type { OwnRecord } from './stack-record.js';
import type { Supervisor } from './supervisor.js';
import { findTemporal } from './temporal-binary.js';
import { checkTemporal, startTemporal, temporalNamespace } from './temporal-server.js';
import { isPolling } from './worker-probe.js';
import { ensureWorkflowBundle } from './workflow-bundle.js';

/** What can be stopped and started alone while the stack runs. */
export type ProductProcess = 'worker' | 'api';

/** What bringing up works with, gathered once. */
export interface Site {
  config: DevConfig;
  fieldKeys: FieldKeyEnvironment;
  dataDir: string;
  ports: Ports;
  say: Say;
  logs: ChildLog;
  record: OwnRecord;
  supervisor: Supervisor;
}

async function answersOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}

/** Does one step and says how long it took. */
async function step<T>(site: Site, what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const result = await withProgress(what, site.say, work);
  if (!site.supervisor.isStopping) site.say(`  ${what}: ready (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  return result;
}

async function bringUpDatabase(site: Site): Promise<string> {
  const { config, ports, logs, supervisor } = site;
  if (config.databaseUrl) return config.databaseUrl;
  return step(site, 'PostgreSQL', async () => {
    const dataDir = join(site.dataDir, 'postgres');
    const postgres = await startPostgres({
      dataDir,
      port: ports.postgres,
      database: 'punctual',
      onLine: logs.sink('postgres'),
      onStart: (child) => supervisor.hold(child),
    });
    supervisor.watch(postgres.child);
    return postgres.url;
  });
}

async function bringUpTemporal(site: Site): Promise<Pick<StackAddresses, 'temporalAddress' | 'temporalUi'>> {
  const { config, ports, logs, supervisor, say } = site;
  const search = {
    address: config.temporalAddress,
    path: config.inherited['PATH'] ?? '',
    cacheDir: config.cacheDir,
    say,
  };
  const source = await findTemporal(search);
  if (source.kind === 'address') {
    await checkTemporal(source.address);
    return { temporalAddress: source.address };
  }
  return step(site, 'Temporal', async () => {
    const { temporal: port, temporalUi: uiPort } = ports;
    const dbFile = join(site.dataDir, 'temporal.db');
    const server = await startTemporal({
      program: source.path,
      port,
      uiPort,
      dbFile,
      env: config.inherited,
      onLine: logs.sink('temporal'),
      onStart: (child) => supervisor.hold(child),
    });
    supervisor.watch(server.child);
    return { temporalAddress: server.address, temporalUi: `http://127.0.0.1:${uiPort}` };
  });
}

function nodeProcess(site: Site, name: string, program: string[], env: Record<string, string>): ChildSpec {
  // Node itself, and not `npm` or `tsx`: a signal must reach the program and no wrapper.
  const args = ['--enable-source-maps', '--import', 'tsx', ...program];
  const onLine = site.logs.sink(name);
  return { name, command: process.execPath, args, env, cwd: projectRoot, onLine, graceMs: 15_000 };
}

function workflowBundle(site: Site): Promise<string> {
  return ensureWorkflowBundle(site.dataDir, async (entry, args) => {
    const child = await startChild(nodeProcess(site, 'bundler', [entry, ...args], site.config.inherited));
    site.supervisor.hold(child);
    return child;
  });
}

async function startSandbox(site: Site, addresses: StackAddresses): Promise<void> {
  const env = sandboxEnvironment(site.config, addresses, join(site.dataDir, 'sandbox'));
  const spec = nodeProcess(site, 'sandbox', ['sandbox/main.ts'], env);
  await site.supervisor.start(spec, () => answersOk(`${addresses.oidcIssuer}/.well-known/openid-configuration`));
}

async function startWorker(site: Site, addresses: StackAddresses): Promise<void> {
  const env = {
    ...productEnvironment(site.config, addresses, site.fieldKeys),
    WORKFLOW_BUNDLE: await workflowBundle(site),
  };
  const { temporalAddress } = addresses;
  const polls: Probe = ({ pid }) => isPolling(temporalAddress, temporalNamespace, pid);
  await site.supervisor.start(nodeProcess(site, 'worker', ['worker/main.ts'], env), polls);
}

async function startApi(site: Site, addresses: StackAddresses): Promise<void> {
  const spec = nodeProcess(site, 'api', ['api/main.ts'], productEnvironment(site.config, addresses, site.fieldKeys));
  await site.supervisor.start(spec, () => answersOk(`${addresses.api}/healthz`));
}

/** Starts the worker or the API and waits until it polls or answers. */
export function startProduct(site: Site, name: ProductProcess, addresses: StackAddresses): Promise<void> {
  return name === 'worker' ? startWorker(site, addresses) : startApi(site, addresses);
}

/** Brings the schema up to date and puts in the people one can sign in as; safe to repeat. */
async function prepareDatabase(site: Site, databaseUrl: string): Promise<SeededSignIns> {
  const minuteMs = readMinuteMs(site.config.passedThrough);
  return step(site, 'Migrations and seeds', async () => {
    const fieldKeys = () => readFieldKeys(site.fieldKeys);
    await migrateToLatest(databaseUrl);
    await encryptWhatIsClear(databaseUrl, fieldKeys);
    return seed(databaseUrl, { minuteMs, fieldKeys });
  });
}

async function bringUpPreparedDatabase(site: Site): Promise<{ databaseUrl: string; signIns: SeededSignIns }> {
  const databaseUrl = await bringUpDatabase(site);
  return { databaseUrl, signIns: await prepareDatabase(site, databaseUrl) };
}

/** Starts everything, side by side where nothing needs the other, and announces it. */
export async function bringUp(site: Site): Promise<{ addresses: StackAddresses; signIns: SeededSignIns }> {
  const provisional = addressesOf(site.ports, { databaseUrl: '', temporalAddress: '' });
  const [{ databaseUrl, signIns }, temporal] = await Promise.all([
    bringUpPreparedDatabase(site),
    bringUpTemporal(site),
    step(site, 'Provider sandbox', () => startSandbox(site, provisional)),
    step(site, 'Workflow bundle', () => workflowBundle(site)),
  ]);
  const addresses = addressesOf(site.ports, { databaseUrl, ...temporal });
  await Promise.all([
    step(site, 'Worker', () => startProduct(site, 'worker', addresses)),
    step(site, 'API', () => startProduct(site, 'api', addresses)),
  ]);
  await site.record.announce(addresses);
  return { addresses, signIns };
}
