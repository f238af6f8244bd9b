import type { BenchProcess, BenchStack } from './stack.js';

/** CPU time by who used it, ms. */
export interface CpuTimes {
  worker: number;
  temporal: number;
  postgres: number;
  sandbox: number;
  /** This process: the driver. */
  driver: number;
}

/** The CPU time used so far by the stack, one of its workers, and this process. */
export function readCpu(stack: BenchStack, worker: BenchProcess): CpuTimes {
  const { user, system } = process.cpuUsage();
  return {
    worker: worker.cpuMs(),
    temporal: stack.temporal.cpuMs(),
    postgres: stack.postgresCpuMs(),
    sandbox: stack.sandbox.process.cpuMs(),
    driver: (user + system) / 1000,
  };
}

/** What was used between two readings, divided by `by` (such as the number of lives). */
export function cpuBetween(before: CpuTimes, after: CpuTimes, by = 1): CpuTimes {
  const entries = Object.keys(before) as (keyof CpuTimes)[];
  return Object.fromEntries(entries.map((key) => [key, (after[key] - before[key]) / by])) as unknown as CpuTimes;
}
