import { readdirSync, readFileSync } from 'node:fs';
import { type Child, type ChildSpec, type Probe } from '../dev/child.js';
import type { Supervisor } from '../dev/supervisor.js';

/** A process of the stack, with what it has used. */
export interface BenchProcess {
  pid: number;
  name: string;
  /** User and system time so far, of all threads, milliseconds; resolution 10 ms. */
  cpuMs(): number;
  /** Resident memory now, MB. */
  rssMb(): number;
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>;
  /** SIGKILL: nothing is cleaned up. */
  kill(): Promise<void>;
}

/** A clock tick of /proc/<pid>/stat (USER_HZ, 100 on every Linux that Node runs on), milliseconds. */
const TICK_MS = 10;

/** The fields of /proc/<pid>/stat after the program's name, which may hold anything: counted from its last bracket. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** User and system time of a process, milliseconds; `withChildren` adds those of children that have ended. */
export function cpuMsOf(pid: number, { withChildren = false } = {}): number {
  const fields = statFields(pid);
  const ticks = withChildren ? fields.slice(11, 15) : fields.slice(11, 13);
  return ticks.reduce((sum, text) => sum + Number(text), 0) * TICK_MS;
}

/** The CPU time of a process and of every child it has had, for PostgreSQL, whose backends are processes. */
export function cpuMsWithChildren(pid: number): number {
  let sum = cpuMsOf(pid, { withChildren: true });
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (Number(statFields(Number(entry))[1]) === pid) sum += cpuMsOf(Number(entry));
    } catch {
      // It ended while we looked, and is counted with its parent from now on.
    }
  }
  return sum;
}

/** The CPU time of a process's living threads by their names, ms. */
export function threadCpuMs(pid: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    sums.set(name, (sums.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) * TICK_MS);
  }
  return sums;
}

/** Resident memory of a process, MB. */
export function rssMbOf(pid: number): number {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? 0) / 1024;
}

/** Wraps a child of the stack; `forget` tells the supervisor that its end is wanted. */
export function benchProcess(child: Child, supervisor: Supervisor): BenchProcess {
  const forgetAndStop = () => supervisor.stopOne(child.name);
  return {
    pid: child.pid,
    name: child.name,
    cpuMs: () => cpuMsOf(child.pid),
    rssMb: () => rssMbOf(child.pid),
    stop: forgetAndStop,
    async kill() {
      const ended = forgetAndStop();
      try {
        process.kill(child.pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
      await ended;
    },
  };
}

/** How to start one node process of the stack. */
export interface NodeProcessSpec {
  name: string;
  /** The compiled program and its arguments. */
  program: string[];
  nodeArgs?: string[];
  env: Record<string, string>;
  cwd: string;
  onLine?: (line: string) => void;
}

/** Node itself, and not a wrapper: a signal must reach the program. */
export function nodeSpec({ name, program, nodeArgs = [], env, cwd, onLine }: NodeProcessSpec): ChildSpec {
  return { name, command: process.execPath, args: [...nodeArgs, ...program], env, cwd, onLine, graceMs: 20_000 };
}

export type { Probe };
