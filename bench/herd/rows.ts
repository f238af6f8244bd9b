import { sql } from 'kysely';
import type { AppointmentCalls } from '../../api/appointment-calls.js';
import type { Db } from '../../db/database.js';
import { makeApproved } from '../made-appointments.js';
import type { HerdAppointment } from './booking.js';
import { HERD_DURATION_MINUTES, type HerdPerson } from './people.js';
import { forEachAtOnce } from '../at-once.js';

const AT_ONCE = 16;
const TELL_EVERY = 1_000;

/** What a large herd is made with. */
export interface RowsDesk {
  db: Db;
  calls: AppointmentCalls;
  admin: HerdPerson;
}

async function makeOne({ db, calls, admin }: RowsDesk, pair: Omit<HerdAppointment, 'id'>, startsAt: number) {
  const toBook = {
    client: pair.client.id,
    therapist: pair.therapist.id,
    startsAt,
    durationMinutes: HERD_DURATION_MINUTES,
  };
  const { record } = await makeApproved(db, toBook, admin.id);
  const { id } = record;
  await sql`update notification set status = 'voided' where appointment_id = ${id} and status = 'pending'`.execute(db);
  if (!(await calls.resume(record))) throw new Error(`the workflow of ${id} did not start`);
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
