import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startChild } from './child.js';
import { wholeEnvironment } from './config.js';
import { type Say, withProgress } from './progress.js';
import { temporalModuleDir } from './temporal-version.js';

/**
 * Builds the Temporal command line, server and web UI inside, from the module pinned in dev/temporal to `target`.
 * Four to five minutes on two cores with an empty cache. Throws with Go's last lines when it fails.
 */
export async function buildTemporal(target: string, say: Say): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}.building`;
  say('Building the Temporal server from source, once: 4 to 5 minutes on two cores ...');
  const go = await startChild({
    name: 'go build',
    command: 'go',
    args: ['build', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, 'github.com/temporalio/cli/cmd/temporal'],
    env: { ...wholeEnvironment(), CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' },
    cwd: temporalModuleDir,
  });
  try {
    const exit = await withProgress('building the Temporal server', say, () => go.exited);
    if (exit.code !== 0) throw new Error(`go build failed: ${go.lastLines().slice(-3).join(' ')}`);
    await rename(unfinished, target);
  } finally {
    await go.stop();
    await rm(unfinished, { force: true });
  }
}
