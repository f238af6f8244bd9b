import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isUnanswered as isQueryUnanswered } from '../../db/patience.js';
import type { Policy } from '../../domain/policy.js';
import { Refused } from '../../domain/refusals.js';
import { DURATION_MINUTES } from './people.js';
import type { Life, Side, Times } from './side.js';

/** How long before its start a life is booked, policy minutes: T-15 comes when it is paid and activated. */
const BOOKED_AHEAD_MINUTES = 40;
/** What people take between two steps of theirs, ms: each is a workflow task of its own, as in earnest. */
const PAUSE_MS = 400;
const OPENED_POLL_MS = 50;
const OPENED_LIMIT_MS = 60_000;
const MOST_TRIES = 20;

/** Whether a call's answer did not come in time; a repeat with the same id is harmless. Any other error is one. */
function isUnanswered(error: unknown): boolean {
  return (
    error instanceof ServiceError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcServiceError(error) ||
    isQueryUnanswered(error)
  );
}

/** How long a life takes where nothing has to wait, ms. */
export function lifeMs({ minuteMs, openingMinutes }: Policy): number {
  return (BOOKED_AHEAD_MINUTES - openingMinutes) * minuteMs + 3 * PAUSE_MS;
}

function timesFrom(now: number, { minuteMs, reminderMinutes, openingMinutes }: Policy): Times {
  const startsAt = now + BOOKED_AHEAD_MINUTES * minuteMs;
  return {
    startsAt,
    remindAt: startsAt - reminderMinutes * minuteMs,
    opensAt: startsAt - openingMinutes * minuteMs,
    endsAt: startsAt + DURATION_MINUTES * minuteMs,
  };
}

function refusalOf(error: unknown): string | null {
  if (error instanceof Refused) return error.code;
  if (error instanceof WorkflowNotFoundError) return 'already_over'; // its end came by the clock meanwhile
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

interface Waiting {
  until: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Tells many lives when their T-5 is committed, by one read for all that wait. */
class OpeningWatch {
  private readonly waiting = new Map<string, Waiting>();
  private polling = false;

  constructor(private readonly side: Side) {}

  opened(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { until: Date.now() + OPENED_LIMIT_MS, resolve, reject });
      if (!this.polling) void this.poll();
    });
  }

  private async poll(): Promise<void> {
    this.polling = true;
    while (this.waiting.size > 0) {
      try {
        for (const id of await this.side.opened([...this.waiting.keys()])) this.settle(id);
      } catch (error) {
        if (!isUnanswered(error)) for (const id of this.waiting.keys()) this.settle(id, error);
      }
      for (const [id, { until }] of this.waiting)
        if (Date.now() > until) this.settle(id, new Error(`${this.side.name}: T-5 of ${id} did not come`));
      await sleep(OPENED_POLL_MS);
    }
    this.polling = false;
  }

  private settle(id: string, error?: unknown): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }
}

export type StepName = 'book' | 'pay' | 'activate' | 'join' | 'look' | 'end';

/** What the driver saw of some lives: when each was over (epoch ms), and how long each step took (ms). */
export interface Played {
  startedAt: number;
  endedAt: number[];
  tookMs: Record<StepName, number[]>;
  /** Calls that were repeated because no answer came in time. */
  repeats: number;
  /** Why lives were broken off: steps that came too late. On a machine that keeps up none is. */
  refused: string[];
}

class Driver {
  readonly played: Played = {
    startedAt: Date.now(),
    endedAt: [],
    tookMs: { book: [], pay: [], activate: [], join: [], look: [], end: [] },
    repeats: 0,
    refused: [],
  };
  private readonly watch: OpeningWatch;

  constructor(
    private readonly side: Side,
    private readonly policy: Policy,
  ) {
    this.watch = new OpeningWatch(side);
  }

  async play(life: Life): Promise<void> {
    const { side } = this;
    const times = timesFrom(Date.now(), this.policy);
    await this.timed('book', () => side.book(life, times));
    await sleep(PAUSE_MS);
    await this.timed('pay', () => side.pay(life));
    await sleep(PAUSE_MS);
    await this.timed('activate', () => side.activate(life));
    await sleep(Math.max(0, times.opensAt - Date.now()));
    await this.watch.opened(life.id);
    await this.timed('join', () => side.join(life, 'client'));
    await sleep(PAUSE_MS);
    await this.timed('join', () => side.join(life, 'therapist'));
    await this.timed('look', () => side.look(life));
    await sleep(PAUSE_MS);
    await this.timed('end', () => side.end(life));
    this.played.endedAt.push(Date.now());
  }

  private async timed(step: StepName, work: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    for (let tries = 1; ; tries += 1) {
      try {
        await work();
        break;
      } catch (error) {
        // A repeated end may find that the first try was carried out and the workflow is over.
        if (step === 'end' && tries > 1 && error instanceof WorkflowNotFoundError) break;
        if (!isUnanswered(error) || tries === MOST_TRIES) throw error;
        this.played.repeats += 1;
      }
    }
    this.played.tookMs[step].push(performance.now() - startedAt);
  }
}

/**
 * Plays the lives, `concurrency` at a time; the first ones begin spread over a life's length, so that no wave of equal
 * steps runs through the measurement. @throws the first life's error
 */
export async function playLives(
  side: Side,
  lives: readonly Life[],
  policy: Policy,
  concurrency: number,
): Promise<Played> {
  const driver = new Driver(side, policy);
  let next = 0;
  let failed = false;
  const lane = async (index: number): Promise<void> => {
    await sleep((index * lifeMs(policy)) / concurrency);
    while (!failed && next < lives.length) {
      const life = lives[next]!;
      next += 1;
      await driver.play(life).catch((error: unknown) => {
        const code = refusalOf(error);
        if (code === null) failed = true;
        if (code === null) throw error;
        driver.played.refused.push(code);
      });
    }
  };
  const lanes = Array.from({ length: Math.min(concurrency, lives.length) }, (_, index) => lane(index));
  // All of them: a call of a lane that still runs would fail on connections that are closed by then.
  const failure = (await Promise.allSettled(lanes)).find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return driver.played;
}
