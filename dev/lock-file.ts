import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isStillRunning } from './process-identity.js';

/** Takes the lock or says that another process holds it. A lock whose holder is gone is taken over. */
async function take(path: string): Promise<boolean> {
  const me = identify(process.pid);
  try {
    await writeFile(path, JSON.stringify({ pid: process.pid, startedAt: me?.startedAt ?? '' }), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const text = await readFile(path, 'utf8').catch(() => '');
  // Empty between its creation and its writing: it will be looked at again.
  if (text === '') return false;
  const holder = JSON.parse(text) as { pid: number; startedAt: string };
  if (!isStillRunning(holder)) await rm(path, { force: true });
  return false;
}

/** Does `work` while no other process on this machine does the same; `onWait` is called once if it must wait. */
export async function withLockFile<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let tries = 0; !(await take(path)); tries += 1) {
    if (tries === 1) onWait();
    await sleep(tries === 0 ? 50 : 500);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
