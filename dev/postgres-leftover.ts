import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, type ProcessIdentity, stopProcess } from './process-identity.js';

/** The server that runs on `dataDir`, by the postmaster.pid that it keeps there; undefined when none does. */
export async function findPostmaster(dataDir: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, folder = ''] = text.split('\n');
  const running = identify(Number(pid));
  if (!running || !/\bpostgres\b/.test(running.command)) return undefined;
  const [recorded, ours] = await Promise.all([folder, dataDir].map((path) => realpath(path).catch(() => path)));
  return recorded === ours && running.command.includes(folder) ? running : undefined;
}

/**
 * Makes way for a new start on `dataDir`: stops the server that a killed run left there, and removes the
 * record of a dead one whose pid another program has now. The record of a dead one is otherwise left to
 * PostgreSQL, which makes sure by it that no backend is left.
 */
export async function clearLeftover(dataDir: string): Promise<void> {
  const running = await findPostmaster(dataDir);
  if (running) return stopProcess(running, 'SIGINT', 15_000);
  const record = join(dataDir, 'postmaster.pid');
  const [pid] = (await readFile(record, 'utf8').catch(() => '')).split('\n');
  if (pid && identify(Number(pid))) await rm(record, { force: true });
}
