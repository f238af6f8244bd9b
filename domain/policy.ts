/**
 * The times, shares and limits an appointment lives by. It belongs to the therapist and is copied into each
 * appointment at booking, so that a later change never moves a booked one. All `...Minutes` are policy minutes:
 * they last `minuteMs` each.
 */
export interface Policy {
  /** How long a policy minute lasts, milliseconds: 60000 in earnest, less where a session is to be watched at speed. */
  minuteMs: number;
  paymentWindowMinutes: number;
  reminderMinutes: number;
  openingMinutes: number;
  activationGraceMinutes: number;
  /** A party who waited this long after the start alone may end it as the other's no-show. */
  absenceMinutes: number;
  /** Free time kept after each session before the therapist's next one. */
  bufferMinutes: number;
  platformFeeBps: number;
  maxUnpaidBookings: number;
  /** How early, in milliseconds, a durable wake-up for T-15 or T-5 may come; 0 switches the spread off. */
  wakeSpreadMs: number;
}

/** A minute in earnest. */
export const REAL_MINUTE_MS = 60_000;

/** Defaults of lifecycle.md; `minuteMs` is the caller's, since only configuration knows it. */
export function defaultPolicy(minuteMs: number): Policy {
  return {
    minuteMs,
    paymentWindowMinutes: 30,
    reminderMinutes: 15,
    openingMinutes: 5,
    activationGraceMinutes: 10,
    absenceMinutes: 15,
    bufferMinutes: 10,
    platformFeeBps: 2_000,
    maxUnpaidBookings: 2,
    wakeSpreadMs: 0,
  };
}
