import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, describeExit } from '../../dev/child.js';

/** Starts the process and resolves when it can be used; `hold` is told of it as soon as it runs. */
export type Start = (hold: (child: Child) => void) => Promise<unknown>;

/** How soon one that ended by itself, or could not start, is tried again: what a container's restart policy does. */
const RETRY_MS = 300;
const UP_WITHIN_MS = 90_000;

/** A process that is started again whenever it ends, as an orchestrator does, and that can be killed. */
export class KeptProcess {
  #child: Child | undefined;
  #wanted = true;
  #up = false;
  #downMs: number | null = null;
  #told: (() => void)[] = [];
  readonly #living: Promise<void>;
  /** What it said when it ended although nobody had killed it. */
  readonly deaths: string[] = [];

  constructor(
    readonly name: string,
    private readonly start: Start,
  ) {
    this.#living = this.#live();
  }

  /** Resolves when it can be used; at once if it can. @throws Error with its last deaths when that takes 90 s */
  async whenUp(): Promise<void> {
    if (this.#up) return;
    const up = new Promise<void>((resolve) => this.#told.push(resolve));
    const late = new AbortController();
    const tooLate = sleep(UP_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
      throw new Error(
        [`${this.name} can't be used after ${UP_WITHIN_MS / 1_000} s.`, ...this.deaths.slice(-2)].join('\n'),
      );
    });
    tooLate.catch(() => undefined);
    await Promise.race([up, tooLate]).finally(() => late.abort());
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** kill -9. It comes back after `downMs`. @returns false when nothing ran to be killed */
  kill(downMs: number): boolean {
    if (this.#child === undefined) return false;
    this.#downMs = downMs;
    process.kill(this.#child.pid, 'SIGKILL');
    return true;
  }

  /** Ends it for good. Safe to repeat. */
  async stop(): Promise<void> {
    this.#wanted = false;
    await this.#child?.stop();
    await this.#living;
  }

  async #live(): Promise<void> {
    while (this.#wanted) {
      await this.#once().catch((error: unknown) => this.#note(error instanceof Error ? error.message : String(error)));
      this.#up = false;
      const pauseMs = this.#downMs ?? RETRY_MS;
      this.#downMs = null;
      if (this.#wanted) await sleep(pauseMs);
    }
  }

  /** One life of the process: from its start to its end. */
  async #once(): Promise<void> {
    let held: Child | undefined;
    try {
      await this.start((child) => {
        held = this.#child = child;
        if (!this.#wanted) void child.stop();
        void child.exited.then(() => {
          if (this.#child === child) this.#child = undefined;
        });
      });
      this.#up = true;
      for (const tell of this.#told.splice(0)) tell();
      if (held !== undefined) this.#note(describeExit(held, await held.exited));
    } finally {
      // A start that failed may have left it running.
      await held?.stop();
    }
  }

  #note(said: string): void {
    if (this.#wanted && this.#downMs === null) this.deaths.push(said);
  }
}
