import { atMost, type BenchResult } from '../result.js';
import type { BenchStack } from '../stack.js';
import { median } from '../stats.js';
import type { EndsOptions, EndsRun } from './main.js';

/** What the runs say, against what the project promises. */
export function endsResult(runs: EndsRun[], options: EndsOptions, stack: BenchStack): BenchResult {
  const of = (side: EndsRun['side'], value: (run: EndsRun) => number): number =>
    median(runs.filter((run) => run.side === side).map(value));
  const ratio = (value: (run: EndsRun) => number): number => of('ours', value) / of('bare', value);
  const row = (name: string, value: (run: EndsRun) => number) => [
    name,
    of('ours', value),
    of('bare', value),
    ratio(value),
  ];
  const sum = (value: (run: EndsRun) => number | undefined): number =>
    runs.reduce((total, run) => total + (value(run) ?? 0), 0);
  const reads = sum(({ seen }) => (seen === null ? 0 : seen.reads + seen.lists));
  const stale = sum(({ seen }) => (seen === null ? 0 : seen.stale + seen.staleLists));
  const seconds = ({ drain }: EndsRun): number => drain.all / 1000;
  return {
    tables: [
      {
        title: 'Each run',
        columns: ['run', 'side', 'half settled s', '99 % s', 'all s', 'worker ms an end', 'stale reads', 'reads'],
        rows: runs.map(({ side, drain, cpuMs, seen }, index) => [
          String(index + 1),
          side,
          drain.p50 / 1000,
          drain.p99 / 1000,
          drain.all / 1000,
          cpuMs.worker,
          seen === null ? null : seen.stale + seen.staleLists,
          seen === null ? null : seen.reads + seen.lists,
        ]),
      },
      {
        title: `${options.n} ends on one second, medians`,
        columns: ['', 'ours', 'bare', 'ours / bare'],
        rows: [
          row('seconds until half are settled', ({ drain }) => drain.p50 / 1000),
          row('seconds until all are settled', seconds),
          row('CPU ms an end, worker', ({ cpuMs }) => cpuMs.worker),
          row('CPU ms an end, Temporal server', ({ cpuMs }) => cpuMs.temporal),
          row('CPU ms an end, PostgreSQL', ({ cpuMs }) => cpuMs.postgres),
        ],
      },
      ...runs.filter(({ statements }) => statements.length > 0).map((run) => statementsTable(run, options)),
    ],
    runs,
    medians: { settledS: of('ours', seconds), settledBareS: of('bare', seconds), reads, stale },
    targets: [atMost('all settled, ours / bare', ratio(seconds), 1.25), atMost('stale reads', stale, 0)],
    notes: [
      'settled: the row says completed and the hold is posted, in PostgreSQL with synchronous_commit on',
      `${reads} reads of single sessions and of the list in progress, at or after the end by PostgreSQL's clock`,
      'bare: one timer, one INSERT, one upsert and the end of the workflow',
    ],
    settings: { ...options, stack: stack.settings },
  };
}

function statementsTable({ side, statements }: EndsRun, { n }: EndsOptions): BenchResult['tables'][number] {
  return {
    title: `${side}: the statements of the product's database by their time`,
    columns: ['calls an end', 'ms an end', 'statement'],
    rows: statements.map(({ calls, totalMs, text }) => [calls / n, totalMs / n, text]),
  };
}
