import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.js';
import { projectRoot, wholeEnvironment } from './config.js';
import { type Say, withProgress } from './progress.js';
import { isAtLeast, leastServerVersion, serverVersionOf } from './temporal-version.js';

/** How long the download may stand still; a closed network mostly fails at once, a silent one after this. */
const standstillMs = 8_000;

/** Stops the download when its file hasn't grown for `standstillMs`. */
async function stopAtStandstill(download: Child, file: string): Promise<void> {
  let ended = false;
  void download.exited.then(() => (ended = true));
  let [size, movedAt] = [-1, Date.now()];
  while (!ended) {
    const now = await stat(file).then(
      (found) => found.size,
      () => -1,
    );
    if (now !== size) [size, movedAt] = [now, Date.now()];
    if (Date.now() - movedAt > standstillMs) return download.stop();
    await sleep(250);
  }
}

/**
 * Takes the SDK's own download of the Temporal command line to `target`.
 * Throws when the network is closed, when it stands still, and when what came is too old.
 */
export async function downloadTemporal(target: string, cliVersion: string, say: Say): Promise<void> {
  const folder = `${target}.${process.pid}.download`;
  await mkdir(folder, { recursive: true });
  const version = `v${cliVersion}`;
  const file = join(folder, `temporal-${version}`);
  try {
    const download = await startChild({
      name: "the SDK's download",
      command: process.execPath,
      args: ['--import', 'tsx', join(projectRoot, 'dev', 'temporal-download-main.ts'), folder, version],
      env: wholeEnvironment(),
      cwd: projectRoot,
      graceMs: 1_000,
    });
    const whole = Promise.all([download.exited, stopAtStandstill(download, `${file}.downloading`)]);
    const [exit] = await withProgress('downloading the Temporal server', say, () => whole);
    if (exit.code !== 0) throw new Error(download.lastLines().find((line) => /error/i.test(line)) ?? 'no answer');
    const found = await serverVersionOf(file);
    if (!found) throw new Error('what came does not run here');
    if (!isAtLeast(found, leastServerVersion)) throw new Error(`it holds server ${found}`);
    await rename(file, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
