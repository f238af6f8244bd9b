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

/** How much time the spread has in earnest: `wakeSpreadMs` is policy time, 60000 of it are one policy minute. */
function spreadMs({ wakeSpreadMs, minuteMs }: Policy): number {
  return (wakeSpreadMs * minuteMs) / REAL_MINUTE_MS;
}

/** When the durable wake-up for a T-15 that is due at `due` comes: early by this appointment's share of the spread. */
export function spreadWakeAt(record: Pick<AppointmentRecord, 'id' | 'policy'>, due: number): number {
  return due - Math.floor(wakeShare(record.id) * spreadMs(record.policy));
}

/** Part of the spread that even the last room has before T-5, to be made in time. */
const ROOM_LEAD = 0.1;

/** When the relay makes the room: before T-5, spread like the wake-ups, so that a thousand rooms are ready on the second. */
export function roomWantedAt(record: Pick<AppointmentRecord, 'id' | 'policy'>, opensAt: number): number {
  const share = ROOM_LEAD + (1 - ROOM_LEAD) * wakeShare(record.id);
  return opensAt - Math.floor(share * spreadMs(record.policy));
}
