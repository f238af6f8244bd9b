import { REAL_MINUTE_MS, type Policy } from './policy.js';
import type { AppointmentRecord } from './record.js';

/** Due times of one appointment, epoch milliseconds. */
export interface Deadlines {
  /** End of the payment window: 30 min after booking or the start, the earlier. */
  payBy: number;
  /** T-15. */
  remindAt: number;
  /** T-5: Join opens. */
  opensAt: number;
  /** Start + 10: an appointment that nobody activated expires. */
  activateBy: number;
  /** Start + 15: one who waited alone may end it as a no-show. */
  absentAt: number;
  endsAt: number;
}

/** The deadlines of a booking. Source: docs/lifecycle.md; columns of the same names hold them for SQL. */
export function deadlinesOf(booking: {
  createdAt: number;
  startsAt: number;
  durationMinutes: number;
  policy: Policy;
}): Deadlines {
  const { createdAt, startsAt, durationMinutes, policy } = booking;
  const minutes = (count: number): number => count * policy.minuteMs;
  return {
    payBy: Math.min(createdAt + minutes(policy.paymentWindowMinutes), startsAt),
    remindAt: startsAt - minutes(policy.reminderMinutes),
    opensAt: startsAt - minutes(policy.openingMinutes),
    activateBy: startsAt + minutes(policy.activationGraceMinutes),
    absentAt: startsAt + minutes(policy.absenceMinutes),
    endsAt: startsAt + minutes(durationMinutes),
  };
}

/** A fixed share in [0, 1) drawn from the appointment's id (FNV-1a), so that wake-ups of one second spread evenly. */
export function wakeShare(appointmentId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < appointmentId.length; index += 1) {
    hash ^= appointmentId.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash / 0x1_0000_0000;
}

/** Part of a spread that even the last one has before the due time, so that what it writes lies ready by then. */
const LEAD = 0.1;
/** Rooms need less time than wake-ups, and one that stands empty for long is ended by its vendor. */
const MOST_ROOM_SPREAD_MS = 300_000;

type Spread = Pick<AppointmentRecord, 'id' | 'policy'>;

/** Early by this appointment's share of `spreadMs`, which is policy time: 60000 of it are one policy minute. */
function earlyBy({ id, policy: { minuteMs } }: Spread, due: number, spreadMs: number): number {
  return due - Math.floor(((LEAD + (1 - LEAD) * wakeShare(id)) * spreadMs * minuteMs) / REAL_MINUTE_MS);
}

/** When the durable wake-up for a T-15 comes, so that ten thousand of them are worked off by the second at which they are due. */
export function spreadWakeAt(record: Spread, due: number): number {
  return earlyBy(record, due, record.policy.wakeSpreadMs);
}

/** When the relay makes the room before T-5, so that a thousand are ready on the second. */
export function spreadRoomAt(record: Spread, opensAt: number): number {
  return earlyBy(record, opensAt, Math.min(record.policy.wakeSpreadMs, MOST_ROOM_SPREAD_MS));
}
