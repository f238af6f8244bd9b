import { setTimeout as sleep } from 'node:timers/promises';
import { type Blow, blowsOf, LOST_ANSWERS, type LostAnswer, lostAnswersOf, type Victim } from './plan.js';
import type { ChaosStack } from './stack.js';

/** A kill -9 that was dealt. */
export interface DealtBlow {
  /** Epoch ms. */
  at: number;
  victim: Victim;
  downMs: number;
}

/** So many kills of the plan may change places. */
const LOOK_AHEAD = 4;

/** The kills and lost answers of a seed, while a run lasts. */
export class Mayhem {
  readonly blows: DealtBlow[] = [];
  readonly lostAnswers: LostAnswer[] = [];
  readonly #ending = new AbortController();
  readonly #going: Promise<unknown>;

  constructor(
    private readonly stack: ChaosStack,
    seed: number,
  ) {
    this.#going = Promise.all([this.#kill(seed), this.#loseAnswers(seed)]);
  }

  /** Resolves when nothing is killed any more and no fault is left at the sandbox. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#going;
    await fetch(`${this.stack.sandbox}/_sandbox/faults`, { method: 'DELETE' });
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  async #kill(seed: number): Promise<void> {
    const plan = blowsOf(seed);
    const next: Blow[] = [];
    for (;;) {
      while (next.length < LOOK_AHEAD) next.push(plan.next().value);
      while (!next[0]!.soon && !this.#ending.signal.aborted && !this.#allUp()) await this.#rest(100);
      await this.#rest(next[0]!.pauseMs);
      let found = -1;
      while (!this.#ending.signal.aborted && (found = this.#firstUp(next)) < 0) await this.#rest(100);
      if (this.#ending.signal.aborted) return;
      const [{ victim, downMs }] = next.splice(found, 1) as [Blow];
      if (this.stack.processes[victim].kill(downMs)) this.blows.push({ at: Date.now(), victim, downMs });
    }
  }

  #allUp(): boolean {
    return Object.values(this.stack.processes).every(({ isUp }) => isUp);
  }

  /** The first whose victim works: one that is still starting has its turn later. */
  #firstUp(blows: readonly Blow[]): number {
    return blows.findIndex(({ victim }) => this.stack.processes[victim].isUp);
  }

  async #loseAnswers(seed: number): Promise<void> {
    for (const { pauseMs, of } of lostAnswersOf(seed)) {
      await this.#rest(pauseMs);
      if (this.#ending.signal.aborted) return;
      const rule = { ...LOST_ANSWERS[of], kind: 'reset_after', times: 1 };
      const headers = { 'content-type': 'application/json' };
      await fetch(`${this.stack.sandbox}/_sandbox/faults`, { method: 'POST', headers, body: JSON.stringify(rule) });
      this.lostAnswers.push(of);
    }
  }
}
