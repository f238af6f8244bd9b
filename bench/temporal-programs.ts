import { execFile } from 'node:child_process';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChild } from '../dev/child.js';
import { projectRoot, wholeEnvironment } from '../dev/config.js';
import { withLockFile } from '../dev/lock-file.js';
import { type Say, withProgress } from '../dev/progress.js';

/** The Temporal server's own program and the tool that makes its schema in a database. */
export interface TemporalPrograms {
  server: string;
  sql: string;
  /** The server's version, such as "1.31.2". */
  version: string;
}

const moduleDir = join(projectRoot, 'bench', 'temporal-server');
const packages = { server: 'go.temporal.io/server/cmd/server', sql: 'go.temporal.io/server/cmd/tools/sql' } as const;

/** The version that bench/temporal-server/go.mod pins. */
export async function pinnedServerVersion(): Promise<string> {
  const goMod = await readFile(join(moduleDir, 'go.mod'), 'utf8');
  const version = /\bgo\.temporal\.io\/server v(\d+\.\d+\.\d+)/.exec(goMod)?.[1];
  if (!version) throw new Error('bench/temporal-server/go.mod pins no version of go.temporal.io/server.');
  return version;
}

async function canRun(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () =>
      promisify(execFile)(program, ['--version'], { timeout: 20_000 }).then(
        () => true,
        () => false,
      ),
    () => false,
  );
}

async function build(target: string, goPackage: string, say: Say): Promise<void> {
  const unfinished = `${target}.${process.pid}.building`;
  const go = await startChild({
    name: 'go build',
    command: 'go',
    args: ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', unfinished, goPackage],
    env: { ...wholeEnvironment(), CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' },
    cwd: moduleDir,
  });
  try {
    const exit = await withProgress(`building ${goPackage}`, say, () => go.exited);
    if (exit.code !== 0) throw new Error(`go build failed: ${go.lastLines().slice(-3).join(' ')}`);
    await rename(unfinished, target);
  } finally {
    await go.stop();
    await rm(unfinished, { force: true });
  }
}

/**
 * The server's programs out of the cache folder, built there on first use from the module pinned in
 * bench/temporal-server: 3 to 5 minutes on two cores. Throws with Go's last lines when that fails.
 */
export async function ensureTemporalPrograms(cacheDir: string, say: Say): Promise<TemporalPrograms> {
  const version = await pinnedServerVersion();
  const programs = {
    server: join(cacheDir, `temporal-server-${version}`),
    sql: join(cacheDir, `temporal-sql-${version}`),
  };
  const missing = async () => {
    const usable = await Promise.all([canRun(programs.server), canRun(programs.sql)]);
    return (['server', 'sql'] as const).filter((_, index) => !usable[index]);
  };
  if ((await missing()).length === 0) return { ...programs, version };
  await mkdir(cacheDir, { recursive: true });
  const onWait = () => say('Another process is building the Temporal server: waiting for it ...');
  await withLockFile(`${programs.server}.lock`, onWait, async () => {
    const wanted = await missing();
    if (wanted.length > 0)
      say(`Building the Temporal server ${version} from source, once: 3 to 5 minutes on two cores ...`);
    for (const name of wanted) await build(programs[name], packages[name], say);
  });
  return { ...programs, version };
}
