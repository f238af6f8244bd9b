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
  /** Free time kept before each session; between two sessions both are kept. */
  bufferBeforeMinutes: number;
  /** A session is booked, or moved by its client, this long before its start at the latest. */
  minimumNoticeMinutes: number;
  platformFeeBps: number;
  maxUnpaidBookings: number;
  /** A client cancels free of charge until this long before the start. */
  freeCancellationMinutes: number;
  /** What a later cancellation before the start costs, of the price. */
  lateCancellationBps: number;
  /** A client reschedules until this long before the start, and so often. */
  rescheduleUntilMinutes: number;
  maxReschedules: number;
  /** A therapist who was there for less than this share of the time has left: the session is not charged. */
  presenceBps: number;
  /** Earnings become payable this long after they were settled. */
  earningsDelayMinutes: number;
  /**
   * How early a durable wake-up for T-15 may come, and (five minutes of it at most) a room be made before T-5, milliseconds
   * of policy time (60000 are one policy minute); 0 switches the spread off. Source of the default: docs/performance.md,
   * "The spread".
   */
  wakeSpreadMs: number;
}

/** A minute in earnest. */
export const REAL_MINUTE_MS = 60_000;

const DAY_MINUTES = 24 * 60;

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
    bufferBeforeMinutes: 0,
    minimumNoticeMinutes: 0,
    platformFeeBps: 2_000,
    maxUnpaidBookings: 2,
    freeCancellationMinutes: DAY_MINUTES,
    lateCancellationBps: 5_000,
    rescheduleUntilMinutes: DAY_MINUTES,
    maxReschedules: 3,
    presenceBps: 5_000,
    earningsDelayMinutes: 7 * DAY_MINUTES,
    wakeSpreadMs: 1_200_000,
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** What of a stored policy can't be read, by name; empty for a good one. What was added since may be missing. */
export function policyFaults(stored: unknown): string[] {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return ['it is no object'];
  const given = stored as Record<string, unknown>;
  const { minuteMs } = given;
  const words = Object.keys(defaultPolicy(REAL_MINUTE_MS)).filter((key) => key in given && !isNumber(given[key]));
  const timeless = !isNumber(minuteMs) || minuteMs <= 0;
  return timeless && !words.includes('minuteMs') ? ['minuteMs', ...words] : words;
}

/**
 * A policy as it was stored, with the defaults of what was added since: a stored value is never changed by them. For
 * what can't be read a default is shown, so that one bad row spoils no list; `readPolicy` is the one to decide by.
 */
export function completePolicy(stored: Partial<Policy> & Pick<Policy, 'minuteMs'>): Policy {
  const faults = policyFaults(stored);
  if (faults.length === 0) return { ...defaultPolicy(stored.minuteMs), ...stored };
  const isRecord = typeof stored === 'object' && stored !== null && !Array.isArray(stored);
  const given = isRecord ? Object.entries(stored) : [];
  const good = Object.fromEntries(given.filter(([key]) => !faults.includes(key))) as Partial<Policy>;
  return { ...defaultPolicy(good.minuteMs ?? REAL_MINUTE_MS), ...good };
}

/** The policy to decide by. @throws Error that names what can't be read: a guess might move what was booked */
export function readPolicy(stored: Partial<Policy> & Pick<Policy, 'minuteMs'>): Policy {
  const faults = policyFaults(stored);
  if (faults.length > 0) throw new Error(`the policy can’t be read: ${faults.join(', ')}`);
  return completePolicy(stored);
}
