import { atMost, type BenchResult, type ResultTable, type Target } from '../result.js';
import type { BenchStack } from '../stack.js';
import { FIRST_READ } from './reads.js';
import { type Measured, medianOf } from './side.js';
import { WRITES } from './writes.js';

const READ_BOUND = 1.25;
const WRITE_BOUND = 1.15;

const isWrite = (what: string): boolean => (WRITES as readonly string[]).includes(what);
const both = (a: number, b: number): string => `${Math.round(a)} + ${Math.round(b)}`;

/** What was measured at which number of connections, each once, in order. */
function kindsOf(runs: readonly Measured[]): { what: string; connections: number }[] {
  const kinds = new Map(runs.map(({ what, connections }) => [`${what}/${connections}`, { what, connections }]));
  return [...kinds.values()];
}

function tableOf(title: string, runs: readonly Measured[]): ResultTable {
  const rows = kindsOf(runs).map(({ what, connections }) => {
    const of = (side: 'ours' | 'bare' | 'open', figure: Parameters<typeof medianOf>[4]) =>
      medianOf(runs, what, connections, side, figure);
    const openP99 = of('open', 'p99Ms');
    return [
      what,
      connections,
      of('ours', 'p50Ms'),
      of('bare', 'p50Ms'),
      of('ours', 'p50Ms') / of('bare', 'p50Ms'),
      of('ours', 'p99Ms'),
      of('bare', 'p99Ms'),
      of('ours', 'p99Ms') / of('bare', 'p99Ms'),
      Number.isNaN(openP99) ? null : openP99,
      of('ours', 'perSecond'),
      of('bare', 'perSecond'),
      both(of('ours', 'processUs'), of('ours', 'postgresUs')),
      both(of('bare', 'processUs'), of('bare', 'postgresUs')),
    ];
  });
  const columns = ['what', 'connections', 'p50 ms', 'bare', 'ratio', 'p99 ms', 'bare', 'ratio', 'bare, open'];
  return { title, columns: [...columns, 'a second', 'bare', 'CPU us', 'bare'], rows };
}

function targetsOf(runs: readonly Measured[]): Target[] {
  return kindsOf(runs)
    .filter(({ what }) => what !== FIRST_READ)
    .map(({ what, connections }) => {
      const figure = isWrite(what) ? 'p50Ms' : 'p99Ms';
      const ratio =
        medianOf(runs, what, connections, 'ours', figure) / medianOf(runs, what, connections, 'bare', figure);
      const name = `${what}, ${connections} connections, ${isWrite(what) ? 'p50' : 'p99'} to bare`;
      return atMost(name, ratio, isWrite(what) ? WRITE_BOUND : READ_BOUND);
    });
}

function mediansOf(runs: readonly Measured[]): Record<string, number> {
  const entries = kindsOf(runs).flatMap(({ what, connections }) =>
    (['ours', 'bare', 'open'] as const).flatMap((side) =>
      (['p50Ms', 'p99Ms'] as const).map((figure) => {
        return [`${what} ${connections} ${side} ${figure}`, medianOf(runs, what, connections, side, figure)] as const;
      }),
    ),
  );
  return Object.fromEntries(entries.filter(([, value]) => !Number.isNaN(value)));
}

/** Tables, medians and the targets' verdicts of all runs. */
export function apiResult(runs: Measured[], { settings }: BenchStack): BenchResult {
  const reads = runs.filter(({ what }) => !isWrite(what));
  const writes = runs.filter(({ what }) => isWrite(what));
  const tables = [
    ...(reads.length > 0 ? [tableOf('Reads: medians of the runs, beside a route by hand', reads)] : []),
    ...(writes.length > 0 ? [tableOf('Writes: medians of the runs, beside bare updates and signals', writes)] : []),
  ];
  return {
    tables,
    runs,
    medians: mediansOf(runs),
    targets: targetsOf(runs),
    notes: [
      'Bare checks the same bearer token; "bare, open" checks none. It reads the appointment’s row alone.',
      'CPU is of the process that answers + of PostgreSQL, microseconds a request.',
      `"${FIRST_READ}": each request is a person’s first, so nothing of them or their token is known yet.`,
      'activate is answered when the decision is committed; join, when the person is let in: bare, when Temporal has the signal.',
    ],
    settings: { ...settings },
  };
}
