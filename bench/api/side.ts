import { median, percentile } from '../stats.js';
import type { BenchProcess, BenchStack } from '../stack.js';
import type { Shot } from './connection.js';
import { drive, type Run } from './load.js';

export type SideName = 'ours' | 'bare' | 'open';

/** A process under load. */
export interface Side {
  name: SideName;
  url: string;
  process: BenchProcess;
}

/** One run of one side. CPU in microseconds a request: of the process that answers, and of PostgreSQL. */
export interface Measured {
  what: string;
  connections: number;
  side: SideName;
  requests: number;
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
  processUs: number;
  postgresUs: number;
}

/** What to ask of a side, and how wide. */
export interface Task {
  what: string;
  connections: number;
  shots: readonly Shot[];
  expect: number;
}

/** Drives a side and reads what it took. */
export async function measure(
  stack: BenchStack,
  side: Side,
  { what, connections, shots, expect }: Task,
): Promise<{ measured: Measured; run: Run }> {
  const [cpuMs, postgresMs] = [side.process.cpuMs(), stack.postgresCpuMs()];
  const run = await drive({ url: side.url, connections, shots, expect });
  const requests = shots.length;
  const measured = {
    what,
    connections,
    side: side.name,
    requests,
    p50Ms: percentile(run.latencies, 0.5),
    p99Ms: percentile(run.latencies, 0.99),
    perSecond: run.perSecond,
    processUs: ((side.process.cpuMs() - cpuMs) * 1_000) / requests,
    postgresUs: ((stack.postgresCpuMs() - postgresMs) * 1_000) / requests,
  };
  return { measured, run };
}

type Figure = 'p50Ms' | 'p99Ms' | 'perSecond' | 'processUs' | 'postgresUs';

/** The median of a figure over the runs of one side. */
export function medianOf(runs: readonly Measured[], what: string, connections: number, side: SideName, figure: Figure) {
  const found = runs.filter((run) => run.what === what && run.connections === connections && run.side === side);
  return median(found.map((run) => run[figure]));
}
