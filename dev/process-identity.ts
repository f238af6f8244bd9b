import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running process, told from a later one with the same pid by when it started. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: clock ticks since boot on Linux, a date elsewhere. Compare for equality only. */
  startedAt: string;
  command: string;
}

function fromProc(pid: number): ProcessIdentity | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold anything: count from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  return { pid, startedAt: fields[19] ?? '', command };
}

function fromPs(pid: number): ProcessIdentity | undefined {
  const line = execFileSync('ps', ['-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return line ? { pid, startedAt: line.slice(0, 24), command: line.slice(24).trim() } : undefined;
}

/** The process that runs under `pid` now, or undefined when there is none (a zombie is none). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined;
  }
}

/** Whether exactly this process, and not a later one with its pid, still runs. */
export function isStillRunning(known: Pick<ProcessIdentity, 'pid' | 'startedAt'>): boolean {
  return identify(known.pid)?.startedAt === known.startedAt;
}

/** Asks a process that is no child of ours to end, and kills it when it hasn't after `graceMs`. */
export async function stopProcess(
  known: Pick<ProcessIdentity, 'pid' | 'startedAt'>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const patience: [NodeJS.Signals, number][] = [
    [signal, graceMs],
    ['SIGKILL', 5_000],
  ];
  for (const [next, waitMs] of patience) {
    if (!isStillRunning(known)) return;
    process.kill(known.pid, next);
    for (const until = Date.now() + waitMs; Date.now() < until && isStillRunning(known);) await sleep(50);
  }
  if (isStillRunning(known)) throw new Error(`Process ${known.pid} of an earlier run can't be stopped.`);
}
