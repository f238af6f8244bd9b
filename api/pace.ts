import { Problem } from './errors.js';
import { Lru } from './lru.js';

/** What somebody may say to one appointment: so much at once, and so much a second from then on. */
const BURST = 60;
const PER_SECOND = 1;
const MOST_KEPT = 10_000;
const FULL_AGAIN_MS = (BURST / PER_SECOND) * 1000;

/**
 * Holds floods back from one appointment: a person's requests to change it, in this process. What each sends counts for
 * nobody else. (Messages that are not decided yet are bounded in PostgreSQL, for all processes: see visible.ts.)
 */
export class Pace {
  private readonly buckets = new Lru<{ left: number; at: number }>(MOST_KEPT);

  /** Takes one of them. @throws Problem `rate_limited` */
  take(personId: string, appointmentId: string, now = Date.now()): void {
    const key = `${personId}/${appointmentId.toLowerCase()}`;
    const before = this.buckets.get(key, now) ?? { left: BURST, at: now };
    const left = Math.min(BURST, before.left + ((now - before.at) * PER_SECOND) / 1000);
    if (left < 1) throw new Problem('rate_limited');
    this.buckets.set(key, { left: left - 1, at: now }, now + FULL_AGAIN_MS);
  }
}
