import { availabilityRefusal, buffersOf } from '../domain/availability.js';
import { deadlinesOf, type Deadlines } from '../domain/deadlines.js';
import { priceOf } from '../domain/money.js';
import type { Policy } from '../domain/policy.js';
import { Refused, type RefusalCode } from '../domain/refusals.js';
import type { SessionMode } from '../domain/types.js';
import { loadAppointment, type LoadedAppointment } from './appointment-record.js';
import { AVAILABILITY_COLUMNS, toAvailability } from './availability.js';
import { databaseNow } from './clock.js';
import type { Db, Trx } from './database.js';
import { writeNotifications } from './notification-rows.js';
import { findConflict, lockBookingsOf, lockSlotsOf, slotRange } from './slots.js';
import { writeTimeline } from './timeline.js';

/** A booking as the client asks for it; price and policy come from the therapist. `startsAt` in epoch ms. */
export interface Booking {
  appointmentId: string;
  clientId: string;
  therapistId: string;
  startsAt: number;
  durationMinutes: number;
  sessionMode: SessionMode;
  /** Generated once by the caller; a repeat of the booking keeps the first. */
  meetingId: string;
  meetingLink: string;
}

export type BookingResult = { booked: true; loaded: LoadedAppointment } | { booked: false; code: RefusalCode };

/** PostgreSQL's exclusion_violation. */
const EXCLUSION_VIOLATION = '23P01';

function refusalOf(error: unknown): RefusalCode | null {
  if (error instanceof Refused) return error.code;
  if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== EXCLUSION_VIOLATION)
    return null;
  return 'constraint' in error && error.constraint === 'appointment_own_overlap' ? 'own_overlap' : 'slot_taken';
}

/**
 * Books in one transaction: the slot with its buffer, the timeline and the client's notification. Two bookings of one
 * slot are settled by the exclusion constraint. A repeat of an appointment's id gets the row that is there.
 */
export async function commitBooking(db: Db, booking: Booking): Promise<BookingResult> {
  try {
    await db.transaction().execute((trx) => insertBooking(trx, booking));
  } catch (error) {
    const code = refusalOf(error);
    if (code === null) throw error;
    return { booked: false, code };
  }
  const loaded = await loadAppointment(db, booking.appointmentId);
  return { booked: true, loaded: loaded! };
}

async function insertBooking(trx: Trx, booking: Booking): Promise<void> {
  const { appointmentId, clientId, therapistId, durationMinutes, sessionMode, meetingId, meetingLink } = booking;
  await lockBookingsOf(trx, clientId);
  const existing = await trx.selectFrom('appointment').where('id', '=', appointmentId).select('id').executeTakeFirst();
  if (existing !== undefined) return;
  const now = await databaseNow(trx);
  const { priceMinor, currency, policy, deadlines } = await checkBooking(trx, booking, now);
  const times = { startsAt: booking.startsAt, endsAt: deadlines.endsAt };
  const buffers = buffersOf(policy);
  // One at a time for a therapist: overlapping rows inserted at once would each wait for the other, a deadlock.
  await lockSlotsOf(trx, therapistId);
  const conflict = await findConflict(trx, { ...times, ...buffers, therapistId, clientId, except: null });
  if (conflict !== null) throw new Refused(conflict);
  await trx
    .insertInto('appointment')
    .values({
      id: appointmentId,
      clientId,
      therapistId,
      sessionMode,
      startsAt: new Date(times.startsAt),
      endsAt: new Date(times.endsAt),
      durationMinutes,
      slot: slotRange(times, buffers),
      policy: JSON.stringify(policy),
      priceMinor,
      currency,
      meetingId,
      meetingLink,
      ...deadlineColumns(deadlines, now),
      createdAt: new Date(now),
    })
    .execute();
  await writeTimeline(trx, { id: appointmentId, scheduleVersion: 1 }, [
    { kind: 'booked', actor: { role: 'client', id: clientId }, due: null, detail: { status: 'scheduled' } },
  ]);
  const loaded = await loadAppointment(trx, appointmentId);
  await writeNotifications(trx, loaded!.record, { kind: 'booking_made', to: ['client'], notBefore: now });
}

/** Deadlines as columns; T-15 and T-5 that have elapsed already are skipped: nobody is reminded of the past. */
function deadlineColumns({ payBy, remindAt, opensAt, activateBy }: Deadlines, now: number) {
  const skipped = new Date(now);
  return {
    payBy: new Date(payBy),
    remindAt: new Date(remindAt),
    opensAt: new Date(opensAt),
    activateBy: new Date(activateBy),
    remindedAt: remindAt <= now ? skipped : null,
    openedAt: opensAt <= now ? skipped : null,
  };
}

interface CheckedBooking {
  priceMinor: number;
  currency: string;
  policy: Policy;
  deadlines: Deadlines;
}

async function checkBooking(trx: Trx, booking: Booking, now: number): Promise<CheckedBooking> {
  const { clientId, therapistId, startsAt, durationMinutes, sessionMode } = booking;
  const therapist = await trx
    .selectFrom('therapist')
    .innerJoin('person', 'person.id', 'therapist.id')
    .where('therapist.id', '=', therapistId)
    .select(['therapist.currency', 'therapist.rates', 'therapist.durationsMinutes', ...AVAILABILITY_COLUMNS])
    .executeTakeFirst();
  if (therapist === undefined) throw new Refused('unknown_therapist');
  const rate = therapist.rates[sessionMode];
  if (rate === undefined || !therapist.durationsMinutes.includes(durationMinutes))
    throw new Refused('duration_not_offered');
  const { currency } = therapist;
  const { policy, availability } = toAvailability(therapist);
  const deadlines = deadlinesOf({ createdAt: now, startsAt, durationMinutes, policy });
  const refused = availabilityRefusal(availability, { startsAt, endsAt: deadlines.endsAt }, now);
  if (refused !== null) throw new Refused(refused);
  const { unpaid } = await trx
    .selectFrom('appointment')
    .where('clientId', '=', clientId)
    .where('status', '=', 'scheduled')
    .where('paidAt', 'is', null)
    .where('payBy', '>', new Date(now))
    .select((eb) => eb.fn.countAll<number>().as('unpaid'))
    .executeTakeFirstOrThrow();
  if (unpaid >= policy.maxUnpaidBookings) throw new Refused('too_many_unpaid');
  return { priceMinor: priceOf(rate, durationMinutes), currency, policy, deadlines };
}
