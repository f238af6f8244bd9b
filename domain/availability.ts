import { closedUntil, openTimes, type LocalHours } from './hours.js';
import type { Stretch } from './local-time.js';
import type { Policy } from './policy.js';
import type { RefusalCode } from './refusals.js';

/** When a therapist takes sessions: the local hours, and what is kept free around each session and before it. */
export interface Availability extends LocalHours {
  /** Free time kept before and after each session. */
  bufferBeforeMs: number;
  bufferAfterMs: number;
  /** How long before its start a session is booked at the latest. */
  noticeMs: number;
}

export type Buffers = Pick<Availability, 'bufferBeforeMs' | 'bufferAfterMs'>;

/** The buffers a policy asks for, ms. */
export function buffersOf(policy: Policy): Buffers {
  const { minuteMs, bufferBeforeMinutes, bufferMinutes } = policy;
  return { bufferBeforeMs: bufferBeforeMinutes * minuteMs, bufferAfterMs: bufferMinutes * minuteMs };
}

/** The stretch that a session with its buffers takes of the therapist's time. */
export function blockOf({ startsAt, endsAt }: { startsAt: number; endsAt: number }, buffers: Buffers): Stretch {
  return { from: startsAt - buffers.bufferBeforeMs, to: endsAt + buffers.bufferAfterMs };
}

/** A therapist's availability out of hours and policy. */
export function availabilityOf(hours: LocalHours, policy: Policy): Availability {
  return { ...hours, ...buffersOf(policy), noticeMs: policy.minimumNoticeMinutes * policy.minuteMs };
}

/** No session begins from here on (2200-01-01T00:00Z): later instants mean a mistake, and soon can't be stored. */
const LATEST_START = 7_258_118_400_000;

/** The first instant at which a session may still begin: the notice is elapsed time, and none begins in the past. */
export function earliestStart({ noticeMs }: Pick<Availability, 'noticeMs'>, now: number): number {
  return now + Math.max(noticeMs, 1);
}

/**
 * What the therapist's availability says to a session at `now`; whether the slot is free is the database's to say.
 * Bookings, reschedules and the list of slots all go by it. Instants in epoch ms.
 */
export function availabilityRefusal(
  availability: Availability,
  { startsAt, endsAt }: { startsAt: number; endsAt: number },
  now: number,
): Extract<RefusalCode, 'too_late' | 'outside_hours'> | null {
  if (startsAt < earliestStart(availability, now)) return 'too_late';
  if (startsAt >= LATEST_START) return 'outside_hours';
  return closedUntil(openTimes(availability, startsAt, endsAt), startsAt, endsAt) === null ? null : 'outside_hours';
}
