import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, describeExit } from '../dev/child.js';
import { projectRoot } from '../dev/config.js';
import { withLockFile } from '../dev/lock-file.js';

/** The product and the benches' own processes, compiled as for production: no run of a bench measures tsx. */
export interface ProductBuild {
  /** Holds worker/main.js, api/main.js, sandbox/main.js, bench/... and the workflow bundle. */
  folder: string;
  workflowBundle: string;
}

const folders = [
  'activities',
  'api',
  'bench',
  'db',
  'dev',
  'domain',
  'providers',
  'sandbox',
  'secrets',
  'texts',
  'worker',
  'workflows',
];
const sources = [...folders, 'package-lock.json', 'tsconfig.json'];
const KEPT_MS = 86_400_000;

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    const path = join(projectRoot, source);
    const isFolder = (await stat(path)).isDirectory();
    const entries = isFolder ? (await readdir(path, { recursive: true })).map((entry) => join(path, entry)) : [path];
    const code = entries.filter((entry) => /\.(ts|json)$/.test(entry) && !entry.endsWith('.test.ts'));
    for (const file of code.sort()) hash.update(`${file}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Builds that nobody has used for a day go; a younger one may still be some run's. */
async function removeOld(builds: string): Promise<void> {
  for (const name of await readdir(builds)) {
    const path = join(builds, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Compiles the sources as they are now, unless an earlier run did: 2 to 6 s. Lies inside the checkout, since Node looks
 * for packages in the folders above a file. Types are not checked here: `npm run types` does that.
 * @param run starts node with arguments
 */
export async function ensureProductBuild(run: (args: string[]) => Promise<Child>): Promise<ProductBuild> {
  const builds = join(projectRoot, '.punctual', 'bench-builds');
  await mkdir(builds, { recursive: true });
  const folder = join(builds, await fingerprint());
  const build = { folder, workflowBundle: join(folder, 'workflow-bundle.js') };
  const finish = async (args: string[]) => {
    const child = await run(args);
    const exit = await child.exited;
    if (exit.code !== 0) throw new Error(describeExit(child, exit));
  };
  await withLockFile(
    `${folder}.lock`,
    () => undefined,
    async () => {
      if (await stat(folder).catch(() => undefined)) return utimes(folder, new Date(), new Date());
      const unfinished = `${folder}.${process.pid}`;
      const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
      await finish([tsc, '-p', join(projectRoot, 'bench', 'tsconfig.build.json'), '--outDir', unfinished]);
      await finish([join(unfinished, 'worker', 'bundle-main.js'), join(unfinished, 'workflow-bundle.js')]);
      await finish([join(unfinished, 'bench', 'bare', 'bundle-process.js')]);
      await rename(unfinished, folder);
    },
  );
  await removeOld(builds);
  return build;
}
