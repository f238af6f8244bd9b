import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './config.js';

/** Updates to a workflow that was evicted from a worker's cache need this server (temporalio/temporal 1.31). */
export const leastServerVersion = '1.31.0';

/** Where the pinned Go module lies. */
export const temporalModuleDir = join(projectRoot, 'dev', 'temporal');

/** The server's version out of `temporal --version`, such as "0.0.0-DEV (Server 1.31.2, UI 2.50.1)". */
export function parseServerVersion(output: string): string | undefined {
  return /\bserver (\d+\.\d+\.\d+)/i.exec(output)?.[1];
}

/** Whether version `a` is `b` or newer, part by part. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  const differing = left.findIndex((part, index) => part !== right[index]);
  return differing < 0 || (left[differing] ?? 0) > (right[differing] ?? 0);
}

/** The server's version inside a `temporal` program, or undefined when it can't be run or says nothing. */
export async function serverVersionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: 20_000 });
    return parseServerVersion(stdout);
  } catch {
    return undefined;
  }
}

/** The command line's version that go.mod pins, such as "1.8.2". */
export async function pinnedCliVersion(): Promise<string> {
  const goMod = await readFile(join(temporalModuleDir, 'go.mod'), 'utf8');
  const version = /github\.com\/temporalio\/cli v(\d+\.\d+\.\d+)/.exec(goMod)?.[1];
  if (!version) throw new Error('dev/temporal/go.mod pins no version of github.com/temporalio/cli.');
  return version;
}
