import type { Logger } from 'pino';

/** How long a relay rests after it has worked off what is due: how late a row may be picked up. */
const IDLE_MS = 200;
const AFTER_ERROR_MS = 1_000;

export interface RelayPace {
  /** How many rows a step works off at most: one that found fewer has seen all that is due, and the loop rests. */
  batch?: number;
  idleMs?: number;
}

/** Runs `step` (returns how many rows it worked off) again and again until stopped. */
export class RelayLoop {
  private stopped = false;
  private wake: () => void = () => undefined;
  private readonly running: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly step: () => Promise<number>,
    private readonly log: Logger,
    private readonly pace: RelayPace = {},
  ) {
    this.running = this.run();
  }

  /** Lets the step under way end. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { batch = 1, idleMs = IDLE_MS } = this.pace;
    while (!this.stopped) {
      const pauseMs = await this.step().then(
        (count) => (count < batch ? idleMs : 0),
        (error: unknown) => {
          this.log.error({ relay: this.name, error: String(error) }, 'a relay failed and goes on');
          return AFTER_ERROR_MS;
        },
      );
      if (pauseMs > 0 && !this.stopped) await this.rest(pauseMs);
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
