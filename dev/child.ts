import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process to run beside us. */
export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** What asks it to end. PostgreSQL's quick and clean way is SIGINT. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it is killed. */
  graceMs?: number;
  onLine?: (line: string) => void;
}

/** How a process ended. */
export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running process that ends with us, however we end. */
export interface Child {
  name: string;
  pid: number;
  /** Resolves when it has ended, for whatever reason; never rejects. */
  exited: Promise<ChildExit>;
  /** The last lines it wrote, oldest first. */
  lastLines(): string[];
  /** Asks it to end, kills it after its grace, and resolves when it is gone. Safe to repeat. */
  stop(): Promise<void>;
}

/** Whether a process can be used now; a rejection means not yet. */
export type Probe = (child: Child) => Promise<boolean>;

const keptLines = 20;

/**
 * Ends `pid` when we die without having stopped it, as after kill -9: the pipe to this shell breaks then.
 * A shell and not code in the child, because PostgreSQL and Temporal need it too.
 */
function guard(pid: number, signal: NodeJS.Signals, graceMs: number): ChildProcess {
  const script = 'read -r word; [ "$word" = over ] && exit; kill -s "$1" "$2"; sleep "$3"; kill -s KILL -- "-$2"';
  const args = ['-c', script, 'guard', signal.slice(3), String(pid), String(Math.ceil(graceMs / 1000))];
  const shell = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => {});
  shell.stdin?.on('error', () => {});
  shell.unref();
  return shell;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Starts a process in a group of its own, so that a terminal's Ctrl-C reaches us alone and we choose the order. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const { command, args, env, cwd, uid, gid, stopSignal = 'SIGTERM', graceMs = 10_000 } = spec;
  const child = spawn(command, args, { env, cwd, uid, gid, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${spec.name} can't be started: ${error.message}`)));
  });
  const pid = child.pid as number;
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      spec.onLine?.(line);
    });
  }
  const guarding = guard(pid, stopSignal, graceMs);
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      guarding.stdin?.end('over\n');
      resolve({ code, signal });
    });
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(stopSignal);
    const ended = await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
    if (!ended) killGroup(pid);
    await exited;
  };
  return { name: spec.name, pid, exited, lastLines: () => [...lines], stop };
}

/** The sentence that says how a process ended, with its last lines. */
export function describeExit(child: Child, exit: ChildExit): string {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
  const lines = child.lastLines();
  return lines.length === 0
    ? `${child.name} ${how}.`
    : `${child.name} ${how}. Its last lines:\n  ${lines.join('\n  ')}`;
}

/** Waits until `probe` says true; rejects with the last lines when the process ends or takes longer than `timeoutMs`. */
export async function whenReady(child: Child, probe: Probe, timeoutMs = 60_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  let exit: ChildExit | undefined;
  void child.exited.then((ended) => (exit = ended));
  for (;;) {
    if (await probe(child).catch(() => false)) return;
    // The pipes are read to their end a moment after the exit.
    if (exit) await sleep(50);
    if (exit) throw new Error(describeExit(child, exit));
    if (Date.now() > until) {
      throw new Error(
        `${child.name} isn't ready after ${timeoutMs / 1000} s. Its last lines:\n  ${child.lastLines().join('\n  ')}`,
      );
    }
    await sleep(100);
  }
}
