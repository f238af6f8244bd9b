import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, describeExit } from './child.js';
import { projectRoot } from './config.js';

/** What the bundle is made of: its own code, the rules it imports, the bundler, and the packages' versions. */
const sources = ['workflows', 'domain', 'worker/bundle.ts', 'package-lock.json'];

async function filesOf(source: string): Promise<string[]> {
  const path = join(projectRoot, source);
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true });
  const code = entries.filter((entry) => entry.endsWith('.ts') && !entry.endsWith('.test.ts'));
  return code.sort().map((entry) => join(path, entry));
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesOf(source)) hash.update(`${file}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * The workflow bundle for the code as it is now, made in 3 to 4 seconds unless an earlier start left it in `folder`.
 * @param run starts a program of the project
 */
export async function ensureWorkflowBundle(
  folder: string,
  run: (entry: string, args: string[]) => Promise<Child>,
): Promise<string> {
  const file = join(folder, `workflow-bundle-${await fingerprint()}.js`);
  if (await stat(file).catch(() => undefined)) return file;
  await mkdir(folder, { recursive: true });
  const outdated = (await readdir(folder)).filter((name) => name.startsWith('workflow-bundle-'));
  await Promise.all(outdated.map((name) => rm(join(folder, name), { force: true })));
  const unfinished = `${file}.${process.pid}`;
  const bundling = await run('worker/bundle-main.ts', [unfinished]);
  const exit = await bundling.exited;
  if (exit.code !== 0) throw new Error(describeExit(bundling, exit));
  await rename(unfinished, file);
  return file;
}
