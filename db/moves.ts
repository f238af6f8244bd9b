import { availabilityRefusal, buffersOf, type Availability, type Buffers } from '../domain/availability.js';
import type { Move } from '../domain/guards.js';
import type { AppointmentRecord } from '../domain/record.js';
import { readAvailability } from './availability.js';
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
 * free until this transaction ends. The exclusion constraints stand behind it. A move goes by the therapist's hours as
 * they are now and keeps the longer of both buffers, today's and the booked one; an extension keeps what was booked.
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
  let buffers = buffersOf(policy);
  if (message.event === 'reschedule') {
    const availability = await readAvailability(trx, therapistId);
    const unavailable = availabilityRefusal(boundBy(availability, message), asked, message.receivedAt);
    if (unavailable !== null) return { ...asked, refused: unavailable };
    buffers = longer(buffers, availability);
  }
  const refused = await findConflict(trx, { ...asked, ...buffers, therapistId, clientId, except: record.id });
  return { ...asked, refused };
}

/** The notice spares the therapist the haste of strangers; an admin has asked the therapist. */
function boundBy(availability: Availability, { actor }: UnhandledMessage): Availability {
  return actor.role === 'client' ? availability : { ...availability, noticeMs: 0 };
}

function longer(one: Buffers, other: Buffers): Buffers {
  return {
    bufferBeforeMs: Math.max(one.bufferBeforeMs, other.bufferBeforeMs),
    bufferAfterMs: Math.max(one.bufferAfterMs, other.bufferAfterMs),
  };
}
