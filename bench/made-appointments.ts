import { randomUUID } from 'node:crypto';
import { commitBooking } from '../db/booking.js';
import { commitAppointment, type Committed } from '../db/commit.js';
import type { Db } from '../db/database.js';
import { storeMessage } from '../db/messages.js';
import { payByWallet } from '../db/payment-requests.js';

/** Appointments made by the product's own transactions, without HTTP and without a workflow. */

/** What is booked, by ids. `startsAt` in epoch ms. */
export interface ToBook {
  client: string;
  therapist: string;
  startsAt: number;
  durationMinutes: number;
}

/** Booked for video and paid from the client's wallet. @returns its id @throws Error when the booking is refused */
export async function makePaid(db: Db, { client, therapist, startsAt, durationMinutes }: ToBook): Promise<string> {
  const appointmentId = randomUUID();
  const booked = await commitBooking(db, {
    appointmentId,
    clientId: client,
    therapistId: therapist,
    startsAt,
    durationMinutes,
    sessionMode: 'video',
    meetingId: `meeting-${appointmentId}`,
    meetingLink: `https://meet.example.test/${appointmentId}`,
  });
  if (!booked.booked) throw new Error(`a booking was refused: ${booked.code}`);
  await payByWallet(db, appointmentId);
  return appointmentId;
}

/** Paid and activated, by the commit that a worker would make. @throws Error when it is not activated */
export async function makeApproved(db: Db, toBook: ToBook, adminId: string): Promise<Committed> {
  const appointmentId = await makePaid(db, toBook);
  const actor = { role: 'admin', id: adminId } as const;
  await storeMessage(db, { appointmentId, kind: 'activate', actor, signal: false });
  const committed = await commitAppointment(db, appointmentId);
  if (committed === null || committed.record.activatedAt === null)
    throw new Error(`${appointmentId} was not activated`);
  return committed;
}
