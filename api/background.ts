import type { Logger } from 'pino';

/** Work that goes on after its answer: sending a signal, dropping an old connection. It may fail; others catch up. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly log: Pick<Logger, 'warn'>) {}

  /** Starts the work and forgets it; a failure is logged by its name and message alone. */
  run(what: string, work: () => Promise<unknown>): void {
    const running = work().then(
      () => undefined,
      (error: unknown) => {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        this.log.warn({ what, error: `${name}: ${message}` }, 'background work failed');
      },
    );
    const tracked = running.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** How much is under way. */
  get size(): number {
    return this.#running.size;
  }

  /** Resolves when nothing is running any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
