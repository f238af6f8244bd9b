import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { loadAppointment } from '../../db/appointment-record.js';
import { commitBooking, type Booking, type BookingResult } from '../../db/booking.js';
import { databaseNow } from '../../db/clock.js';
import type { Db } from '../../db/database.js';
import { REAL_MINUTE_MS } from '../../domain/policy.js';
import type { AppointmentRecord } from '../../domain/record.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './people.js';

/** Appointments for tests of the database alone: minutes in earnest, and time that passes when a test says so. */

export const MINUTE_MS = REAL_MINUTE_MS;
export const DAY_MS = 24 * 60 * MINUTE_MS;

export interface Parties {
  client: TestPerson;
  therapist: TestPerson;
  admin: TestPerson;
}

/** A client with money, a therapist whose minutes last a minute, and an admin. */
export async function makeParties(db: Db, policy: Parameters<typeof makeTherapist>[1] = {}): Promise<Parties> {
  const client = await makeClient(db);
  const therapist = await makeTherapist(db, { minuteMs: MINUTE_MS, bufferMinutes: 10, ...policy });
  const admin = await makePerson(db, 'admin');
  return { client, therapist, admin };
}

/** Asks for a video hour that starts in a day, unless said otherwise. */
export async function tryBooking(
  db: Db,
  { client, therapist }: Pick<Parties, 'client' | 'therapist'>,
  changes: Partial<Booking> & { inMs?: number } = {},
): Promise<BookingResult> {
  const { inMs = DAY_MS, ...booking } = changes;
  const appointmentId = booking.appointmentId ?? randomUUID();
  return commitBooking(db, {
    appointmentId,
    clientId: client.id,
    therapistId: therapist.id,
    startsAt: (await databaseNow(db)) + inMs,
    durationMinutes: 60,
    sessionMode: 'video',
    meetingId: `meeting-${appointmentId}`,
    meetingLink: `https://meet.example.test/${appointmentId}`,
    ...booking,
  });
}

/** Books and answers with the id; a refusal fails the test. */
export async function bookAppointment(...args: Parameters<typeof tryBooking>): Promise<string> {
  const result = await tryBooking(...args);
  if (!result.booked) throw new Error(`the booking was refused: ${result.code}`);
  return result.loaded.record.id;
}

/** The committed record. */
export async function recordOf(db: Db, id: string): Promise<AppointmentRecord> {
  const loaded = await loadAppointment(db, id);
  if (loaded === null) throw new Error(`there is no appointment ${id}`);
  return loaded.record;
}

const APPOINTMENT_TIMES = [
  'starts_at',
  'ends_at',
  'created_at',
  'pay_by',
  'remind_at',
  'opens_at',
  'activate_by',
  'paid_at',
  'activated_at',
  'forced_at',
  'reminded_at',
  'opened_at',
  'opening_prepared_at',
  'client_joined_at',
  'client_came_at',
  'therapist_joined_at',
  'therapist_came_at',
  'outcome_at',
  'payment_checked_at',
  'attendance_read_at',
];

/** Lets time pass for one appointment: all that is stored of it happened `ms` earlier than it did. */
export async function passTime(db: Db, id: string, ms: number): Promise<void> {
  const earlier = sql`${ms} * interval '1 millisecond'`;
  const shift = (columns: string[]) =>
    sql.join(columns.map((column) => sql`${sql.ref(column)} = ${sql.ref(column)} - ${earlier}`));
  await db.transaction().execute(async (trx) => {
    await sql`
      update appointment set ${shift(APPOINTMENT_TIMES)}, slot = tstzrange(lower(slot) - ${earlier}, upper(slot) - ${earlier})
      where id = ${id}`.execute(trx);
    await sql`update message set ${shift(['received_at'])} where appointment_id = ${id}`.execute(trx);
    await sql`update notification set ${shift(['not_before', 'next_attempt_at', 'claimed_at', 'tried_at'])} where appointment_id = ${id}`.execute(
      trx,
    );
    await sql`update room set ${shift(['next_attempt_at'])} where appointment_id = ${id}`.execute(trx);
    await sql`update therapist_lease set ${shift(['held_until'])} where appointment_id = ${id}`.execute(trx);
    await sql`update room_connection set ${shift(['connected_at', 'disconnected_at'])} where appointment_id = ${id}`.execute(
      trx,
    );
  });
}

/** Lets time pass until `ms` after the start (negative: before it). */
export async function passUntilStart(db: Db, id: string, ms: number): Promise<void> {
  const { startsAt } = await recordOf(db, id);
  await passTime(db, id, startsAt + ms - (await databaseNow(db)));
}
