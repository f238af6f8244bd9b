import { execFile } from 'node:child_process';
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whom PostgreSQL runs as: it refuses to run as root. Empty when we aren't root. */
export interface PostgresAccount {
  uid?: number;
  gid?: number;
}

async function idOf(flag: '-u' | '-g'): Promise<number> {
  const { stdout } = await run('id', [flag, 'postgres']);
  return Number(stdout);
}

/** The account to run PostgreSQL as; as root, the user `postgres`, made if there is none. */
export async function postgresAccount(): Promise<PostgresAccount> {
  if (userInfo().uid !== 0) return {};
  const exists = await idOf('-u').then(
    () => true,
    () => false,
  );
  if (!exists) await run('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', 'postgres']);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
}

/** The nearest folder on the way to `path` that the account may not pass, or undefined when all are open to it. */
async function barrier(path: string, account: PostgresAccount): Promise<string | undefined> {
  if (account.uid === undefined) return undefined;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    const shift = found?.uid === account.uid ? 6 : found?.gid === account.gid ? 3 : 0;
    if (found && !((found.mode >> shift) & 1)) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Root's own folder among the temporary ones that outlive a reboot; everybody may read it. */
async function commonDir(): Promise<string> {
  const folder = '/var/tmp/punctual-postgres';
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if ((await stat(folder)).uid !== 0) throw new Error(`${folder} belongs to somebody else than root: remove it.`);
  return folder;
}

/**
 * Where the data of `dataDir` is kept. As root in a private folder (0700) the account can't reach it,
 * and then it is kept in a common one, under a name made of the path.
 */
export async function reachableDataDir(dataDir: string, account: PostgresAccount): Promise<string> {
  const absolute = resolve(dataDir);
  if (!(await barrier(dirname(absolute), account))) return absolute;
  return join(await commonDir(), absolute.replaceAll(/[^\w.-]+/g, '_'));
}

/** The folder of PostgreSQL's programs, or a copy of it that the account can reach (60 MB, made once). */
export async function reachablePrograms(nativeDir: string, version: string, account: PostgresAccount): Promise<string> {
  if (!(await barrier(join(nativeDir, 'bin'), account))) return nativeDir;
  const copy = join(await commonDir(), `programs-${version}`);
  if (await stat(copy).catch(() => undefined)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  await cp(nativeDir, unfinished, { recursive: true, verbatimSymlinks: true });
  // Another process may have been quicker: its copy is as good.
  await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }));
  return copy;
}
