import { sql, type RawBuilder } from 'kysely';
import { databaseNow } from '../../db/clock.js';
import type { Db, Trx } from '../../db/database.js';
import { sleep, until } from '../support/steps.js';

/** Orders that a test forces: it holds what two contenders want, and PostgreSQL lets them go on in the order they came. */

/** Takes a lock in a transaction of the test's own. */
export type Lock = (trx: Trx) => Promise<unknown>;

/** The appointment's row, as commits, joins and payments lock it; rows that refer to it can still be written. */
export const rowOf =
  (id: string): Lock =>
  (trx) =>
    sql`select 1 from appointment where id = ${id} for no key update`.execute(trx);

/** The row also against rows that refer to it: a review waits for it with its own row in place. */
export const rowAndReferencesOf =
  (id: string): Lock =>
  (trx) =>
    sql`select 1 from appointment where id = ${id} for update`.execute(trx);

/** A client's money. */
export const walletOf =
  (clientId: string): Lock =>
  (trx) =>
    sql`select 1 from account where owner_id = ${clientId} and kind = 'client_wallet' for update`.execute(trx);

/** The payments of an appointment, as events and questions about them lock them. */
export const paymentsOf =
  (appointmentId: string): Lock =>
  (trx) =>
    sql`select 1 from payment where appointment_id = ${appointmentId} for no key update`.execute(trx);

/** The lock that bookings and moves of one therapist take. */
export const slotsOf =
  (therapistId: string): Lock =>
  (trx) =>
    sql`select pg_advisory_xact_lock(hashtextextended(${`slot:${therapistId}`}, 0))`.execute(trx);

/** A lease that is never committed: a therapist's join reads the clock under the row's lock, then waits here. */
export const leaseOf =
  (therapistId: string, appointmentId: string): Lock =>
  (trx) =>
    sql`
      insert into therapist_lease (therapist_id, appointment_id, held_until)
      values (${therapistId}, ${appointmentId}, clock_timestamp())`.execute(trx);

export interface Hold {
  /** Waits until so many backends wait for the lock, directly or behind another that waits. */
  waiters(count: number): Promise<void>;
}

/** Takes the lock, until it is let go. */
export async function hold(db: Db, lock: Lock): Promise<Hold & { release: () => Promise<void> }> {
  const trx = await db.startTransaction().execute();
  await lock(trx);
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
  const { pid } = rows[0]!;
  return {
    waiters: (count) => until(`${count} wait for the lock`, async () => (await waitersFor(db, pid)) >= count, 8_000),
    release: () => trx.rollback().execute(),
  };
}

/** Holds the lock while `work` runs; it is let go when that ends, also by an error. */
export async function holding<T>(db: Db, lock: Lock, work: (held: Hold) => Promise<T>): Promise<T> {
  const held = await hold(db, lock);
  try {
    return await work(held);
  } finally {
    await held.release();
  }
}

async function waitersFor(db: Db, pid: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with recursive waiting (pid) as (
      select pid from pg_stat_activity where ${pid}::int = any(pg_blocking_pids(pid))
      union
      select a.pid from pg_stat_activity a join waiting w on w.pid = any(pg_blocking_pids(a.pid))
    ) select count(*)::int as count from waiting`.execute(db);
  return rows[0]!.count;
}

/** A moment in the appointment's row. */
export type Moment = 'pay_by' | 'remind_at' | 'opens_at' | 'activate_by' | 'ends_at';

/** When that is, epoch ms. */
export async function momentOf(db: Db, id: string, moment: Moment): Promise<number> {
  const column: RawBuilder<Date> = sql.ref(moment);
  const { rows } = await sql<{ at: Date }>`select ${column} as at from appointment where id = ${id}`.execute(db);
  return rows[0]!.at.getTime();
}

/** Waits until PostgreSQL's clock is past it. */
export async function past(db: Db, id: string, moment: Moment): Promise<void> {
  const at = await momentOf(db, id, moment);
  for (let now = await databaseNow(db); now <= at; now = await databaseNow(db)) await sleep(at - now + 1);
}
