import type { TakenSlot } from '../db/slots.js';
import type { Therapist } from '../db/therapists.js';
import { withinHours } from '../domain/hours.js';

/** Starts are offered every quarter of an hour of the therapist's policy minutes. */
const STEP_MINUTES = 15;
const MINUTE_MS = 60_000;

export interface SlotSearch {
  /** Epoch ms; `from` inclusive, `to` exclusive, both by start. */
  from: number;
  to: number;
  durationMinutes: number;
  /** By start, not overlapping. */
  taken: readonly TakenSlot[];
  limit: number;
}

/**
 * Starts at which a session with its buffer would be free and within the therapist's hours, earliest first. Pure: the
 * exclusion constraint has the last word at the booking.
 */
export function bookableStarts(
  therapist: Pick<Therapist, 'policy' | 'weeklyHours' | 'timeZone'>,
  search: SlotSearch,
): number[] {
  const { policy, weeklyHours, timeZone } = therapist;
  const stepMs = STEP_MINUTES * policy.minuteMs;
  const sessionMs = search.durationMinutes * policy.minuteMs;
  const blockMs = sessionMs + policy.bufferMinutes * policy.minuteMs;
  const onGrid = (ms: number): number => Math.ceil(ms / stepMs) * stepMs;
  const found: number[] = [];
  let next = 0;
  for (let start = onGrid(search.from); start < search.to && found.length < search.limit;) {
    while (next < search.taken.length && search.taken[next]!.to <= start) next += 1;
    const blocking = search.taken[next];
    if (blocking !== undefined && blocking.from < start + blockMs) {
      start = onGrid(Math.max(blocking.to, start + 1));
      continue;
    }
    const isWithinHours = withinHours(weeklyHours, timeZone, start, start + sessionMs);
    if (isWithinHours) found.push(start);
    // Hours are kept by the minute, so the rest of this minute is outside them too.
    start = isWithinHours
      ? start + stepMs
      : onGrid(Math.max(start + stepMs, Math.floor(start / MINUTE_MS + 1) * MINUTE_MS));
  }
  return found;
}
