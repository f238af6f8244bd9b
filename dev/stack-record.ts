import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StackAddresses } from './environment.js';
import { withLockFile } from './lock-file.js';
import { identify, isStillRunning, type ProcessIdentity, stopProcess } from './process-identity.js';

type Known = Pick<ProcessIdentity, 'pid' | 'startedAt'>;

/** What a stack leaves on disk while it runs, so that others find it and the next start can clear up after it. */
export interface StackRecord {
  /** The process that holds the stack together. */
  main: Known;
  children: (Known & { name: string })[];
  /** Absent until everything is ready. */
  addresses?: StackAddresses;
}

function recordPath(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

async function read(dataDir: string): Promise<StackRecord | undefined> {
  const text = await readFile(recordPath(dataDir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as StackRecord;
  } catch {
    return undefined;
  }
}

async function write(dataDir: string, record: StackRecord): Promise<void> {
  const unfinished = `${recordPath(dataDir)}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(unfinished, recordPath(dataDir));
}

async function answersHealthz(api: string): Promise<boolean> {
  try {
    return (await fetch(`${api}/healthz`, { signal: AbortSignal.timeout(3_000) })).ok;
  } catch {
    return false;
  }
}

/** The stack that runs on `dataDir` and answers, or undefined. A stale record is told by its process and by /healthz. */
export async function findRunningStack(dataDir: string): Promise<StackAddresses | undefined> {
  const record = await read(dataDir);
  if (!record?.addresses || !isStillRunning(record.main)) return undefined;
  return (await answersHealthz(record.addresses.api)) ? record.addresses : undefined;
}

/** The record of the stack that this process runs; every change is on disk when its call returns. */
export class OwnRecord {
  readonly #dataDir: string;
  readonly #record: StackRecord;
  #writing: Promise<void> = Promise.resolve();

  constructor(dataDir: string, record: StackRecord) {
    this.#dataDir = dataDir;
    this.#record = record;
  }

  /** Notes a process to be stopped by the next start if this one is killed. */
  addChild(name: string, pid: number): Promise<void> {
    this.#record.children.push({ name, pid, startedAt: identify(pid)?.startedAt ?? '' });
    return this.#save();
  }

  /** Tells others that the stack is ready and where. */
  announce(addresses: StackAddresses): Promise<void> {
    this.#record.addresses = addresses;
    return this.#save();
  }

  async remove(): Promise<void> {
    await this.#writing;
    await rm(recordPath(this.#dataDir), { force: true });
  }

  #save(): Promise<void> {
    this.#writing = this.#writing.then(() => write(this.#dataDir, this.#record));
    return this.#writing;
  }
}

/**
 * Claims `dataDir` for this process and stops what a killed run left running there.
 * Throws when a stack runs on it already.
 */
export async function claimDataDir(dataDir: string): Promise<OwnRecord> {
  await mkdir(dataDir, { recursive: true });
  return withLockFile(
    join(dataDir, 'stack.lock'),
    () => {},
    async () => {
      const old = await read(dataDir);
      if (old && isStillRunning(old.main)) {
        const where = old.addresses ? `at ${old.addresses.api}` : 'and is still starting';
        throw new Error(
          `Punctual runs already from this folder ${where} (process ${old.main.pid}): stop it first, with Ctrl-C or kill.`,
        );
      }
      // In the order of a stop: what was started last first. PostgreSQL takes SIGINT as a quick and clean end.
      for (const child of [...(old?.children ?? [])].reverse())
        await stopProcess(child, child.name === 'postgres' ? 'SIGINT' : 'SIGTERM', 5_000);
      const main = { pid: process.pid, startedAt: identify(process.pid)?.startedAt ?? '' };
      const record: StackRecord = { main, children: [] };
      await write(dataDir, record);
      return new OwnRecord(dataDir, record);
    },
  );
}
