import type { SelfTime } from '../profile.js';
import type { BenchResult } from '../result.js';
import type { Statement } from '../statements.js';
import type { LifeOptions } from './options.js';
import type { Round } from './round.js';

const FUNCTIONS_SHOWN = 60;
const GROUPS_SHOWN = 30;

/** What was found while lives were played. */
export interface ProfileFound {
  functions: readonly SelfTime[];
  threads: readonly (readonly [name: string, msALife: number])[];
  statements: readonly Statement[];
}

/** Where our worker's time goes: by thread, by package and by function, all in ms a life. */
export function profileResult(
  round: Round,
  { functions, threads, statements }: ProfileFound,
  { lives }: LifeOptions,
): BenchResult {
  const total = functions.reduce((sum, { selfMs }) => sum + selfMs, 0);
  const share = (ms: number): string => `${((100 * ms) / total).toFixed(1)} %`;
  const groups = new Map<string, number>();
  for (const { group, selfMs } of functions) groups.set(group, (groups.get(group) ?? 0) + selfMs);
  const byGroup = [...groups].sort(([, a], [, b]) => b - a).slice(0, GROUPS_SHOWN);
  const sortedThreads = threads.toSorted(([, a], [, b]) => b - a);
  const columns = ['ms a life', 'share'];
  return {
    tables: [
      {
        title: "The worker's functions by their own time",
        columns: ['function', 'in', 'file', ...columns],
        rows: functions
          .slice(0, FUNCTIONS_SHOWN)
          .map(({ function: name, group, file, selfMs }) => [
            name.slice(0, 60),
            group,
            file,
            selfMs / lives,
            share(selfMs),
          ]),
      },
      {
        title: 'By package and room (JavaScript threads)',
        columns: ['package or room', ...columns],
        rows: byGroup.map(([group, ms]) => [group, ms / lives, share(ms)]),
      },
      {
        title: 'By thread, as the kernel counts (node: JavaScript; tokio and the like: the SDK core)',
        columns: ['thread', 'ms a life'],
        rows: sortedThreads.map(([name, ms]) => [name, ms]),
      },
      {
        title: "PostgreSQL's statements by their time, Temporal's own among them",
        columns: ['database', 'calls a life', 'ms a life', 'statement'],
        rows: statements.map(({ database, calls, totalMs, text }) => [database, calls / lives, totalMs / lives, text]),
      },
    ],
    runs: [
      { round, functions: functions.slice(0, FUNCTIONS_SHOWN), groups: byGroup, threads: sortedThreads, statements },
    ],
    medians: { workerCpuMs: round.cpuMs.worker, profiledMs: total / lives, livesPerSecond: round.livesPerSecond },
    targets: [],
    notes: [`${lives} lives under the profiler, which costs time itself: compare shares, not sums`],
  };
}
