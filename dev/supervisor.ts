import {
  type Child,
  type ChildExit,
  type ChildSpec,
  describeExit,
  type Probe,
  startChild,
  whenReady,
} from './child.js';

/** Keeps the stack's processes together: what was started last is stopped first, and a death is told. */
export class Supervisor {
  readonly #running: Child[] = [];
  readonly #onStart: (child: Child) => void;
  #stopping: Promise<void> | undefined;
  #tellDeath: (message: string) => void = () => {};

  /** @param onStart told of each process as soon as it runs, before it is ready */
  constructor(onStart: (child: Child) => void = () => {}) {
    this.#onStart = onStart;
  }

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
    this.hold(child);
    await whenReady(child, probe, readyTimeoutMs);
    this.watch(child);
    return child;
  }

  /** Takes over something that was just started: it is stopped with the rest. */
  hold(child: Child): void {
    if (this.#running.includes(child)) return;
    if (this.#stopping) {
      // It was on its way when the stop began.
      this.#stopping = Promise.all([this.#stopping, child.stop()]).then(() => undefined);
      return;
    }
    this.#running.push(child);
    this.#onStart(child);
  }

  /** Takes over a process that is ready: from now on its end is a death. */
  watch(child: Child): void {
    this.hold(child);
    void child.exited.then((exit) => this.#ended(child, exit));
  }

  /** Stops one of them alone, such as a worker that a test wants away; not a death. */
  async stopOne(name: string): Promise<void> {
    const index = this.#running.findIndex((child) => child.name === name);
    const [child] = index < 0 ? [] : this.#running.splice(index, 1);
    await child?.stop();
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
    for (let child = this.#running.pop(); child; child = this.#running.pop()) {
      await child.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be stopped.');
  }
}
