import { sql } from 'kysely';
import type { Db } from './database.js';

/** The task queue of one worker's workflows, and the common one beside it. */
export interface StickyQueue {
  name: string;
  /** Of the worker's process (`RelaySession`). */
  relayId: number;
  taskQueue: string;
}

/** Writes down whose queue it is, for those who outlive its worker. Safe to repeat. */
export async function noteStickyQueue(db: Db, queue: StickyQueue): Promise<void> {
  await db
    .insertInto('stickyQueue')
    .values(queue)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

export function readStickyQueues(db: Db): Promise<StickyQueue[]> {
  return db.selectFrom('stickyQueue').selectAll().execute();
}

/** It has been emptied, and gets no more tasks. */
export async function forgetStickyQueue(db: Db, name: string): Promise<void> {
  await db.deleteFrom('stickyQueue').where('name', '=', name).execute();
}

/** Appointments that have changed since a place among the events, the latest first, and the place to go on from. */
export async function readLatestChanged(
  db: Db,
  after: number,
  limit: number,
): Promise<{ place: number; appointmentIds: string[] }> {
  const { rows } = await sql<{ xid: number; appointmentId: string }>`
    select xid, appointment_id from live_event
    where xid > ${after} and kind = 'appointment' order by xid desc, id desc limit ${limit}`.execute(db);
  const appointmentIds = [...new Set(rows.map(({ appointmentId }) => appointmentId))];
  return { place: rows[0]?.xid ?? after, appointmentIds };
}
