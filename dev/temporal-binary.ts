import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { withLockFile } from './lock-file.js';
import type { Say } from './progress.js';
import { buildTemporal } from './temporal-build.js';
import { downloadTemporal } from './temporal-download.js';
import { isAtLeast, leastServerVersion, pinnedCliVersion, serverVersionOf } from './temporal-version.js';

/** A server that runs already, or the program that can run one. */
export type TemporalSource =
  | { kind: 'address'; address: string }
  | { kind: 'program'; path: string; serverVersion: string };

/** Where to look, and how what is missing is had. */
export interface TemporalSearch {
  /** TEMPORAL_ADDRESS. */
  address?: string;
  /** PATH, as the environment has it. */
  path: string;
  cacheDir: string;
  say: Say;
  /** How a missing program is had, in order; for tests. */
  providers?: { name: string; provide: typeof buildTemporal }[];
}

async function onPath(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const program = join(folder, 'temporal');
    if (
      await access(program, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return program;
  }
  return undefined;
}

async function newEnough(program: string | undefined): Promise<TemporalSource | undefined> {
  const serverVersion = program && (await serverVersionOf(program));
  if (!program || !serverVersion || !isAtLeast(serverVersion, leastServerVersion)) return undefined;
  return { kind: 'program', path: program, serverVersion };
}

function nothingWorks(failures: string[]): Error {
  const advice =
    'No Temporal server can be had here: put the Temporal command line with server 1.31 or newer on the PATH ' +
    '(https://docs.temporal.io/cli), or install Go 1.24 or newer so that it can be built, ' +
    'or set TEMPORAL_ADDRESS to a server that runs.';
  return new Error([advice, ...failures.map((failure) => `  tried: ${failure}`)].join('\n'));
}

/** Gets the program into the cache folder, one process at a time, by the first way that works. */
async function provideCached(search: TemporalSearch, cached: string, cliVersion: string): Promise<TemporalSource> {
  const { say } = search;
  const providers = search.providers ?? [
    { name: "the SDK's download", provide: (target: string) => downloadTemporal(target, cliVersion, say) },
    { name: 'a build from dev/temporal', provide: buildTemporal },
  ];
  const onWait = () => say('Another process is getting the Temporal server: waiting for it ...');
  return withLockFile(`${cached}.lock`, onWait, async () => {
    const failures: string[] = [];
    for (const { name, provide } of providers) {
      const meanwhile = await newEnough(cached);
      if (meanwhile) return meanwhile;
      await provide(cached, say).catch((error: Error) => failures.push(`${name}: ${error.message}`));
    }
    const found = await newEnough(cached);
    if (!found) throw nothingWorks(failures);
    return found;
  });
}

/**
 * Looks for a Temporal server: TEMPORAL_ADDRESS, a `temporal` on the PATH that is new enough, the cache folder,
 * the SDK's download, a build from dev/temporal. Throws one sentence that says what to do when none works.
 */
export async function findTemporal(search: TemporalSearch): Promise<TemporalSource> {
  if (search.address) return { kind: 'address', address: search.address };
  const cliVersion = await pinnedCliVersion();
  const cached = join(search.cacheDir, `temporal-${cliVersion}`);
  return (
    (await newEnough(await onPath(search.path))) ??
    (await newEnough(cached)) ??
    (await provideCached(search, cached, cliVersion))
  );
}
