import {
  type Child,
  type ChildExit,
  type ChildSpec,
  describeExit,
  type Probe,
  startChild,
  whenReady,
} from './child.js';

/** Something that runs until it is stopped. */
export interface Running {
  name: string;
  stop(): Promise<void>;
}

/** Keeps the stack's processes together: what was started last is stopped first, and a death is told. */
export class Supervisor {
  readonly #running: Running[] = [];
  #stopping: Promise<void> | undefined;
  #tellDeath: (message: string) => void = () => {};

  /** Resolves with one message when a process ends that nobody stopped; says which, how, and its last lines. */
  readonly died = new Promise<string>((resolve) => (this.#tellDeath = resolve));

  /** Whether everything is being stopped or has been. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Starts a process and waits until `probe` says that it is ready. */
  async start(spec: ChildSpec, probe: Probe, readyTimeoutMs?: number): Promise<Child> {
    if (this.#stopping) throw new Error(`${spec.name} isn't started: everything is being stopped.`);
    const child = await startChild(spec);
    this.watch(child);
    await whenReady(child, probe, readyTimeoutMs);
    return child;
  }

  /** Takes over something already started: it is stopped with the rest, and its end is a death. */
  watch(running: Running & Partial<Pick<Child, 'exited' | 'lastLines' | 'pid'>>): void {
    if (this.#stopping) {
      // It was on its way when the stop began.
      this.#stopping = Promise.all([this.#stopping, running.stop()]).then(() => undefined);
      return;
    }
    this.#running.push(running);
    void running.exited?.then((exit) => this.#ended(running as Child, exit));
  }

  /** Stops one of them alone, such as a worker that a test wants away; not a death. */
  async stopOne(name: string): Promise<void> {
    const index = this.#running.findIndex((running) => running.name === name);
    const [running] = index < 0 ? [] : this.#running.splice(index, 1);
    await running?.stop();
  }

  /** Stops all, the last started first. Safe to repeat. */
  stopAll(): Promise<void> {
    this.#stopping ??= this.#stopInOrder();
    return this.#stopping;
  }

  #ended(child: Child, exit: ChildExit): void {
    const index = this.#running.indexOf(child);
    if (index < 0 || this.#stopping) return;
    this.#running.splice(index, 1);
    // The pipes are read to their end a moment after the exit.
    setTimeout(() => this.#tellDeath(describeExit(child, exit)), 50);
  }

  async #stopInOrder(): Promise<void> {
    const failures: unknown[] = [];
    for (let running = this.#running.pop(); running; running = this.#running.pop()) {
      await running.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be stopped.');
  }
}
