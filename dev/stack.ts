import { join } from 'node:path';
import type { SeededSignIns } from '../db/seeds.js';
import { type DevConfig, type Ports, projectRoot, readDevConfig } from './config.js';
import { productEnvironment, type StackAddresses } from './environment.js';
import { keepFieldKeys } from './field-keys.js';
import { choosePorts } from './free-port.js';
import { ChildLog } from './log-file.js';
import { clearPostgresLeftover } from './postgres.js';
import type { Say } from './progress.js';
import { bringUp, type ProductProcess, type Site, startProduct } from './stack-parts.js';
import { claimDataDir } from './stack-record.js';
import { Supervisor } from './supervisor.js';
import { clearTemporalLeftover } from './temporal-server.js';

/** A running stack. */
export interface Stack {
  addresses: StackAddresses;
  /** The names of the seeded people, for `npm run -s cli -- token <sign-in>`. */
  signIns: SeededSignIns;
  /** The environment of worker and API. */
  env: Record<string, string>;
  /** Resolves with a message when one of its processes ends by itself. */
  died: Promise<string>;
  stopProcess(name: ProductProcess): Promise<void>;
  startProcess(name: ProductProcess): Promise<void>;
  /** Stops everything, the last started first. Safe to repeat. */
  stop(): Promise<void>;
}

/** How to bring up a stack. */
export interface StackOptions {
  /** Where data, logs and the record of the running stack lie. Default `.punctual` in the checkout. */
  dataDir?: string;
  /** Default: read from the environment. */
  config?: DevConfig;
  /** Default: the configuration's. 0 takes a free port. */
  ports?: Ports;
  /** Told what is being done, line by line. */
  log: Say;
  /** Told each line of a child that is worth a look; all lines are in the log files. */
  onChildLine?: (name: string, line: string) => void;
  /** Stops everything, also in the middle of the start, which then rejects. */
  signal?: AbortSignal;
}

function portsNeeded(config: DevConfig): (keyof Ports)[] {
  const ours: (keyof Ports)[] = ['api', 'sandbox', 'smtp'];
  if (!config.databaseUrl) ours.push('postgres');
  if (!config.temporalAddress) ours.push('temporal', 'temporalUi');
  return ours;
}

/** Claims the folder, clears up after a killed run and chooses the ports: nothing of ours runs yet. */
async function prepareSite(options: StackOptions): Promise<Site> {
  const { config = readDevConfig(), dataDir = join(projectRoot, '.punctual'), log: say, onChildLine } = options;
  const record = await claimDataDir(dataDir);
  try {
    await clearPostgresLeftover(join(dataDir, 'postgres'));
    await clearTemporalLeftover(join(dataDir, 'temporal.db'));
    const ports = await choosePorts(options.ports ?? config.ports, portsNeeded(config));
    const logs = await ChildLog.open(join(dataDir, 'logs'), onChildLine);
    const supervisor = new Supervisor((child) => void record.addChild(child.name, child.pid));
    const fieldKeys = await keepFieldKeys(dataDir);
    return { config, fieldKeys, dataDir, ports, say, logs, record, supervisor };
  } catch (error) {
    await record.remove();
    throw error;
  }
}

/**
 * Brings up PostgreSQL, Temporal, the sandbox, the worker and the API, and tells others of it in `stack.json`.
 * Rejects with one clear message when something can't be had, and leaves nothing running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { signal } = options;
  signal?.throwIfAborted();
  const site = await prepareSite(options);
  const { supervisor, record } = site;
  const stop = async () => {
    await supervisor.stopAll();
    await record.remove();
    await site.logs.close();
  };
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('The start was broken off.')), { once: true });
  });
  const died = supervisor.died.then((message) => Promise.reject(new Error(message)));
  try {
    const { addresses, signIns } = await Promise.race([bringUp(site), aborted, died]);
    return {
      addresses,
      signIns,
      env: productEnvironment(site.config, addresses, site.fieldKeys),
      died: supervisor.died,
      stopProcess: (name) => supervisor.stopOne(name),
      startProcess: (name) => startProduct(site, name, addresses),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
