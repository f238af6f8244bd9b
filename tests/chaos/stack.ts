import { join } from 'node:path';
import { migrateToLatest } from '../../db/migrate.js';
import { type ChildSpec, type Probe, startChild, whenReady } from '../../dev/child.js';
import { type DevConfig, projectRoot, readDevConfig } from '../../dev/config.js';
import { addressesOf, productEnvironment, sandboxEnvironment, type StackAddresses } from '../../dev/environment.js';
import { freePort } from '../../dev/free-port.js';
import { ChildLog } from '../../dev/log-file.js';
import { startPostgres } from '../../dev/postgres.js';
import { postgresRole } from '../../dev/postgres-programs.js';
import { sayOnStderr } from '../../dev/progress.js';
import { providerEnvironment } from '../../dev/provider-environment.js';
import { findTemporal } from '../../dev/temporal-binary.js';
import { startTemporal, temporalNamespace } from '../../dev/temporal-server.js';
import { isPolling } from '../../dev/worker-probe.js';
import { type BuiltProduct, buildProduct } from './build-product.js';
import { KeptProcess, type Start } from './kept-process.js';
import { type KeylessProxy, startKeylessProxy } from './keyless-proxy.js';
import { VICTIMS, type Victim } from './plan.js';
import { throwawayKeys } from '../../dev/throwaway-keys.js';

/** A stack of its own whose processes can be killed: each comes back by itself, on its old port and data. */
export interface ChaosStack {
  apis: readonly string[];
  sandbox: string;
  oidcIssuer: string;
  databaseUrl: string;
  temporalAddress: string;
  processes: Readonly<Record<Victim, KeptProcess>>;
  /** Resolves when every process can be used. */
  allUp(): Promise<void>;
  /** Stops everything, the product first. Safe to repeat. */
  stop(): Promise<void>;
}

interface Site {
  folder: string;
  config: DevConfig;
  logs: ChildLog;
  addresses: StackAddresses;
  secondApi: string;
  ports: { postgres: number; temporal: number };
  temporalProgram: string;
}

async function prepareSite(folder: string): Promise<Site> {
  const config = readDevConfig();
  const say = sayOnStderr;
  const { cacheDir, inherited } = config;
  const temporal = await findTemporal({ path: inherited['PATH'] ?? '', cacheDir, say });
  if (temporal.kind === 'address') throw new Error('Temporal must be ours to be killed.');
  const [api, api2, sandbox, smtp, postgres, temporalPort] = (await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  )) as [number, number, number, number, number, number];
  const ports = { api, sandbox, smtp, postgres, temporal: temporalPort, temporalUi: 0 };
  return {
    folder,
    config,
    logs: await ChildLog.open(join(folder, 'logs')),
    addresses: addressesOf(ports, { databaseUrl: '', temporalAddress: `127.0.0.1:${temporalPort}` }),
    secondApi: `http://127.0.0.1:${api2}`,
    ports,
    temporalProgram: temporal.path,
  };
}

async function answersOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}

/** A process of Node that is used once `probe` says so. */
function starting(spec: Omit<ChildSpec, 'command'>, probe: Probe): Start {
  return async (hold) => {
    const child = await startChild({ ...spec, command: process.execPath });
    hold(child);
    await whenReady(child, probe);
  };
}

function keepServers(site: Site): Pick<ChaosStack['processes'], 'postgres' | 'temporal'> {
  const { folder, logs, ports, temporalProgram: program, config } = site;
  const postgres = new KeptProcess('postgres', (hold) =>
    startPostgres({
      dataDir: join(folder, 'postgres'),
      port: ports.postgres,
      database: 'punctual',
      onLine: logs.sink('postgres'),
      onStart: hold,
    }),
  );
  const temporal = new KeptProcess('temporal', (hold) =>
    startTemporal({
      program,
      port: ports.temporal,
      dbFile: join(folder, 'temporal.db'),
      env: config.inherited,
      onLine: logs.sink('temporal'),
      onStart: hold,
    }),
  );
  return { postgres, temporal };
}

function keepSandbox({ folder, config, addresses, logs }: Site): KeptProcess {
  const env = {
    ...sandboxEnvironment(config, addresses, join(folder, 'sandbox')),
    SANDBOX_RAZORPAY_WEBHOOK_URL: `${addresses.api}/webhooks/razorpay`,
  };
  const args = ['--import', 'tsx', 'sandbox/main.ts'];
  const spec = { name: 'sandbox', args, env, cwd: projectRoot, onLine: logs.sink('sandbox') };
  return new KeptProcess(
    'sandbox',
    starting(spec, () => answersOk(`${addresses.oidcIssuer}/.well-known/openid-configuration`)),
  );
}

type Product = Pick<ChaosStack['processes'], 'worker-1' | 'worker-2' | 'api-1' | 'api-2'>;

/** `providersUrl` is the sandbox, or what stands before it. */
function keepProduct(site: Site, built: BuiltProduct, databaseUrl: string, providersUrl: string): Product {
  const { config, addresses, secondApi, logs, folder } = site;
  const common = {
    ...productEnvironment(config, { ...addresses, databaseUrl }, throwawayKeys),
    ...providerEnvironment({ url: providersUrl, smtpUrl: addresses.smtp }),
    WORKFLOW_BUNDLE: built.workflowBundle,
  };
  const keep = (name: Victim, program: string, probe: Probe, env: Record<string, string> = {}) =>
    new KeptProcess(
      name,
      starting({ name, args: [program], env: { ...common, ...env }, cwd: folder, onLine: logs.sink(name) }, probe),
    );
  const polls: Probe = ({ pid }) => isPolling(addresses.temporalAddress, temporalNamespace, pid);
  return {
    'worker-1': keep('worker-1', built.worker, polls),
    'worker-2': keep('worker-2', built.worker, polls),
    'api-1': keep('api-1', built.api, () => answersOk(`${addresses.api}/healthz`)),
    'api-2': keep('api-2', built.api, () => answersOk(`${secondApi}/healthz`), { PORT: new URL(secondApi).port }),
  };
}

/** Brings it up in `folder`: PostgreSQL and Temporal on files, the sandbox, two workers, two APIs. */
export async function startChaosStack(folder: string, withoutKeys: boolean): Promise<ChaosStack> {
  const site = await prepareSite(folder);
  const { addresses, secondApi, ports } = site;
  const servers = { ...keepServers(site), sandbox: keepSandbox(site) };
  const databaseUrl = `postgres://${postgresRole.user}:${postgresRole.password}@127.0.0.1:${ports.postgres}/punctual`;
  let product: Product | undefined;
  let proxy: KeylessProxy | undefined;
  const stop = async () => {
    await Promise.all(Object.values(product ?? {}).map((kept) => kept.stop()));
    await Promise.all([servers.temporal.stop(), servers.sandbox.stop()]);
    await servers.postgres.stop();
    await proxy?.close();
    await site.logs.close();
  };
  try {
    const [built] = await Promise.all([
      buildProduct(join(folder, 'product')),
      servers.temporal.whenUp(),
      servers.sandbox.whenUp(),
      servers.postgres.whenUp().then(() => migrateToLatest(databaseUrl)),
    ]);
    if (withoutKeys) proxy = await startKeylessProxy(addresses.sandbox);
    product = keepProduct(site, built, databaseUrl, proxy?.url ?? addresses.sandbox);
    const { sandbox: _, ...killable } = servers;
    const processes = { ...killable, ...product };
    const allUp = async () => {
      await Promise.all(VICTIMS.map((name) => processes[name].whenUp()));
    };
    await allUp();
    const { sandbox, oidcIssuer, temporalAddress } = addresses;
    return {
      apis: [addresses.api, secondApi],
      sandbox,
      oidcIssuer,
      databaseUrl,
      temporalAddress,
      processes,
      allUp,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
