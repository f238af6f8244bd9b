import { blockOf, earliestStart, type Availability } from './availability.js';
import { closedUntil, openTimes } from './hours.js';
import type { Stretch } from './local-time.js';

/** Starts are offered every quarter of an hour of the therapist's policy minutes. */
const STEP_MINUTES = 15;

export interface SlotSearch {
  /** Epoch ms; `from` inclusive, `to` exclusive, both by start. */
  from: number;
  to: number;
  now: number;
  durationMinutes: number;
  /** How long a policy minute lasts, ms. */
  minuteMs: number;
  /** The therapist's taken slots, each with its own buffers: in order, not overlapping. */
  taken: readonly Stretch[];
  limit: number;
}

/**
 * Starts at which a session with its buffers would be free and the therapist available, earliest first. Pure: the
 * commit of the booking asks the same functions, and has the last word.
 */
export function bookableStarts(availability: Availability, search: SlotSearch): number[] {
  const { to, durationMinutes, minuteMs, taken, limit } = search;
  const stepMs = STEP_MINUTES * minuteMs;
  const sessionMs = durationMinutes * minuteMs;
  const onGrid = (ms: number): number => Math.ceil(ms / stepMs) * stepMs;
  const times = openTimes(availability, search.from, to + sessionMs);
  const found: number[] = [];
  let next = 0;
  let start = onGrid(Math.max(search.from, earliestStart(availability, search.now)));
  while (start < to && found.length < limit) {
    const session = { startsAt: start, endsAt: start + sessionMs };
    const opensAt = closedUntil(times, session.startsAt, session.endsAt);
    if (opensAt !== null) {
      start = onGrid(opensAt);
      continue;
    }
    const block = blockOf(session, availability);
    while (next < taken.length && taken[next]!.to <= block.from) next += 1;
    const blocking = taken[next];
    if (blocking !== undefined && blocking.from < block.to) {
      start = onGrid(blocking.to + availability.bufferBeforeMs);
      continue;
    }
    found.push(start);
    start += stepMs;
  }
  return found;
}
