import { Problem } from './errors.js';

/** How much of one kind of work is let in. */
export interface LaneLimits {
  /** Requests at work at the same time. */
  atOnce: number;
  /** Requests that wait for their turn. */
  queue: number;
  /** How long each waits at most. */
  waitMs: number;
}

interface Waiter {
  resolve: () => void;
  reject: (error: Problem) => void;
  /** True when whoever asked has hung up. */
  isGone: () => boolean;
  timer: NodeJS.Timeout;
  isOver: boolean;
}

/**
 * One kind of work, bounded: so many at once, so many in line, first come first served, and nobody in line for longer than
 * would be answered in time. What is refused has not begun.
 */
export class Lane {
  #atWork = 0;
  /** In order of arrival; those whose wait is over stay until their turn comes by. */
  #line: Waiter[] = [];
  #head = 0;
  #waiting = 0;

  constructor(private readonly limits: LaneLimits) {}

  /** Runs `work` in its turn. @throws Problem `overloaded` when the line is full, or its turn did not come in time */
  async run<T>(work: () => Promise<T>, isGone: () => boolean = () => false): Promise<T> {
    if (this.#atWork < this.limits.atOnce) this.#atWork += 1;
    else await this.turn(isGone);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private turn(isGone: () => boolean): Promise<void> {
    if (this.#waiting >= this.limits.queue) return Promise.reject(new Problem('overloaded'));
    this.#waiting += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiter.isOver = true;
        this.#waiting -= 1;
        reject(new Problem('overloaded'));
      }, this.limits.waitMs);
      const waiter: Waiter = { resolve, reject, isGone, timer, isOver: false };
      this.#line.push(waiter);
    });
  }

  /** Gives the place to the next in line who still waits for it. */
  private leave(): void {
    for (let next = this.take(); next !== undefined; next = this.take()) {
      if (next.isOver) continue;
      clearTimeout(next.timer);
      this.#waiting -= 1;
      if (!next.isGone()) return next.resolve();
      next.reject(new Problem('overloaded'));
    }
    this.#atWork -= 1;
  }

  private take(): Waiter | undefined {
    const next = this.#line[this.#head];
    if (next === undefined) {
      this.#line = [];
      this.#head = 0;
      return undefined;
    }
    this.#head += 1;
    // What was taken is dropped now and then: shifting one at a time would move the whole line each time.
    if (this.#head === 1_024) {
      this.#line.splice(0, this.#head);
      this.#head = 0;
    }
    return next;
  }
}
