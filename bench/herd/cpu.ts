import type { BenchProcess, BenchStack } from '../stack.js';

/** CPU time by who used it, ms. */
export interface HerdCpu {
  workers: number;
  apis: number;
  temporal: number;
  postgres: number;
  sandbox: number;
  /** This process: bookings, reads and joins. */
  driver: number;
}

/** Reads the CPU time used so far. */
export type ReadHerdCpu = () => HerdCpu;

const sum = (processes: readonly BenchProcess[]): number => processes.reduce((ms, one) => ms + one.cpuMs(), 0);

/** Reads the CPU time of the stack with these workers and APIs. */
export function cpuReader(
  stack: Pick<BenchStack, 'temporal' | 'postgresCpuMs' | 'sandbox'>,
  workers: readonly BenchProcess[],
  apis: readonly BenchProcess[],
): ReadHerdCpu {
  return () => {
    const { user, system } = process.cpuUsage();
    return {
      workers: sum(workers),
      apis: sum(apis),
      temporal: stack.temporal.cpuMs(),
      postgres: stack.postgresCpuMs(),
      sandbox: stack.sandbox.process.cpuMs(),
      driver: (user + system) / 1_000,
    };
  };
}

/** What was used between two readings. */
export function cpuUsed(before: HerdCpu, after: HerdCpu): HerdCpu {
  const names = Object.keys(before) as (keyof HerdCpu)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as HerdCpu;
}
