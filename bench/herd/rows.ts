import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { AppointmentCalls } from '../../api/appointment-calls.js';
import { commitBooking } from '../../db/booking.js';
import { commitAppointment } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { storeMessage } from '../../db/messages.js';
import { payByWallet } from '../../db/payment-requests.js';
import type { HerdAppointment } from './booking.js';
import { HERD_DURATION_MINUTES, type HerdPerson } from './people.js';
import { forEachAtOnce } from './pool.js';

const AT_ONCE = 16;
const TELL_EVERY = 1_000;

/** What a large herd is made with. */
export interface RowsDesk {
  db: Db;
  calls: AppointmentCalls;
  admin: HerdPerson;
}

async function makeOne({ db, calls, admin }: RowsDesk, pair: Omit<HerdAppointment, 'id'>, startsAt: number) {
  const id = randomUUID();
  const booked = await commitBooking(db, {
    appointmentId: id,
    clientId: pair.client.id,
    therapistId: pair.therapist.id,
    startsAt,
    durationMinutes: HERD_DURATION_MINUTES,
    sessionMode: 'video',
    meetingId: `meeting-${id}`,
    meetingLink: `https://meet.example.test/${id}`,
  });
  if (!booked.booked) throw new Error(`a booking was refused: ${booked.code}`);
  await payByWallet(db, id);
  await storeMessage(db, {
    appointmentId: id,
    kind: 'activate',
    actor: { role: 'admin', id: admin.id },
    signal: false,
  });
  const committed = await commitAppointment(db, id);
  if (committed === null || committed.record.activatedAt === null) throw new Error(`${id} was not activated`);
  await sql`update notification set status = 'voided' where appointment_id = ${id} and status = 'pending'`.execute(db);
  if (!(await calls.resume(committed.record))) throw new Error(`the workflow of ${id} did not start`);
  return { id, ...pair };
}

/**
 * Books, pays and activates one appointment a pair by the product's own transactions and starts each workflow from its
 * row, as the repair of a lost one does: a herd of ten thousand in minutes. What was told of so far is voided: sending
 * it is no part of the herd. @returns them all
 */
export async function makeHerdOfRows(
  desk: RowsDesk,
  pairs: readonly Omit<HerdAppointment, 'id'>[],
  startsAt: number,
  log: (line: string) => void,
): Promise<HerdAppointment[]> {
  const herd: HerdAppointment[] = [];
  await forEachAtOnce(pairs, AT_ONCE, async (pair) => {
    herd.push(await makeOne(desk, pair, startsAt));
    if (herd.length % TELL_EVERY === 0) log(`  ${herd.length} of ${pairs.length} made from rows`);
  });
  return herd;
}
