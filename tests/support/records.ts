import { defaultPolicy, REAL_MINUTE_MS, type Policy } from '../../domain/policy.js';
import type { AppointmentRecord } from '../../domain/record.js';
import type { Actor } from '../../domain/types.js';

/** Records for tests of pure rules: an hour on the hour, booked a day before, with the policy's defaults. */

export const MINUTE = REAL_MINUTE_MS;
export const START = Date.UTC(2027, 0, 11, 10);
export const BOOKED = START - 24 * 60 * MINUTE;
export const PAY_BY = BOOKED + 30 * MINUTE;
export const T15 = START - 15 * MINUTE;
export const T5 = START - 5 * MINUTE;
export const ACTIVATE_BY = START + 10 * MINUTE;
export const ABSENT_AT = START + 15 * MINUTE;
export const END = START + 60 * MINUTE;

export const CLIENT: Actor = { role: 'client', id: '00000000-0000-4000-8000-00000000000c' };
export const THERAPIST: Actor = { role: 'therapist', id: '00000000-0000-4000-8000-00000000000d' };
export const ADMIN: Actor = { role: 'admin', id: '00000000-0000-4000-8000-00000000000a' };

/** A policy with the defaults and what a test changes. */
export function makePolicy(changes: Partial<Policy> = {}): Policy {
  return { ...defaultPolicy(MINUTE), ...changes };
}

/** A booked, unpaid appointment, with what a test changes. */
export function makeRecord(changes: Partial<AppointmentRecord> = {}): AppointmentRecord {
  return {
    id: '00000000-0000-4000-8000-000000000001',
    clientId: CLIENT.id!,
    therapistId: THERAPIST.id!,
    status: 'scheduled',
    sessionMode: 'video',
    startsAt: START,
    endsAt: END,
    durationMinutes: 60,
    createdAt: BOOKED,
    scheduleVersion: 1,
    policy: makePolicy(),
    priceMinor: 6_000,
    currency: 'INR',
    paidAt: null,
    payment: null,
    hold: 'none',
    activatedAt: null,
    forcedAt: null,
    remindedAt: null,
    openedAt: null,
    openingPreparedAt: null,
    client: { joinedAt: null, cameAt: null },
    therapist: { joinedAt: null, cameAt: null },
    outcome: null,
    openProviderPayment: false,
    paymentCheckedAt: null,
    attendanceReadAt: null,
    reschedules: 0,
    extendedMinutes: 0,
    therapistStretches: null,
    pendingActivationAt: null,
    roomAlive: false,
    ...changes,
  };
}

export function makePaid(changes: Partial<AppointmentRecord> = {}): AppointmentRecord {
  return makeRecord({
    paidAt: BOOKED + MINUTE,
    payment: { status: 'completed', method: 'wallet' },
    hold: 'held',
    ...changes,
  });
}

export function makeActivated(changes: Partial<AppointmentRecord> = {}): AppointmentRecord {
  return makePaid({ activatedAt: BOOKED + 2 * MINUTE, ...changes });
}

export function makeConfirmed(changes: Partial<AppointmentRecord> = {}): AppointmentRecord {
  return makeActivated({ status: 'confirmed', remindedAt: T15, openedAt: T5, ...changes });
}

/** Who is in the room of a session that runs. */
export function makeInProgress(
  came: { client?: boolean; therapist?: boolean },
  changes: Partial<AppointmentRecord> = {},
): AppointmentRecord {
  const presence = (there: boolean | undefined) =>
    there === true ? { joinedAt: T5, cameAt: T5 + 1_000 } : { joinedAt: null, cameAt: null };
  return makeConfirmed({
    status: 'in_progress',
    roomAlive: true,
    client: presence(came.client),
    therapist: presence(came.therapist),
    ...changes,
  });
}

/** One that is over, with an outcome that fits. */
export function makeOver(
  status: 'completed' | 'cancelled' | 'expired' | 'no_show',
  changes: Partial<AppointmentRecord> = {},
): AppointmentRecord {
  const reason = status === 'completed' ? 'duration_over' : status === 'no_show' ? 'both_absent' : 'activation';
  return makeConfirmed({ status, outcome: { reason, by: 'system', at: END }, ...changes });
}
