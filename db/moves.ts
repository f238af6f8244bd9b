import type { Move } from '../domain/guards.js';
import { withinHours } from '../domain/hours.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { Trx } from './database.js';
import type { UnhandledMessage } from './messages.js';
import { findConflict, lockBookingsOf, lockSlotsOf } from './slots.js';

/** Longest a session may be extended at once, minutes. */
export const MOST_EXTRA_MINUTES = 120;

/** The times a message asks for; null when it carries none that can be read (the gate then refuses it). */
function askedTimes(record: AppointmentRecord, { event, payload }: UnhandledMessage) {
  const { startsAt, minutes } = payload;
  const { minuteMs } = record.policy;
  if (event === 'extend' && typeof minutes === 'number' && Number.isInteger(minutes)) {
    if (minutes < 1 || minutes > MOST_EXTRA_MINUTES) return null;
    return { startsAt: record.startsAt, endsAt: record.endsAt + minutes * minuteMs, minutes };
  }
  if (event === 'reschedule' && typeof startsAt === 'number' && Number.isSafeInteger(startsAt)) {
    return { startsAt, endsAt: startsAt + record.durationMinutes * minuteMs, minutes: 0 };
  }
  return null;
}

/**
 * Looks the new times of a reschedule or an extension up, under the locks that bookings take: what it finds free stays
 * free until this transaction ends. The exclusion constraints stand behind it.
 */
export async function lookUpMove(
  trx: Trx,
  record: AppointmentRecord,
  message: UnhandledMessage,
): Promise<Move | undefined> {
  const asked = askedTimes(record, message);
  if (asked === null) return undefined;
  const { clientId, therapistId, policy } = record;
  await lockBookingsOf(trx, clientId);
  await lockSlotsOf(trx, therapistId);
  const bufferMs = policy.bufferMinutes * policy.minuteMs;
  const refused = await findConflict(trx, { ...asked, therapistId, clientId, except: record.id, bufferMs });
  if (message.event === 'reschedule' && !(await worksThen(trx, therapistId, asked)))
    return { ...asked, refused: 'outside_hours' };
  return { ...asked, refused };
}

async function worksThen(trx: Trx, therapistId: string, { startsAt, endsAt }: { startsAt: number; endsAt: number }) {
  const { weeklyHours, timeZone } = await trx
    .selectFrom('therapist')
    .innerJoin('person', 'person.id', 'therapist.id')
    .where('therapist.id', '=', therapistId)
    .select(['therapist.weeklyHours', 'person.timeZone'])
    .executeTakeFirstOrThrow();
  return withinHours(weeklyHours, timeZone, startsAt, endsAt);
}
