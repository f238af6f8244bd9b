import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { type Lateness, latenessOf } from './lateness.js';

/** How far the herd is. */
export interface Progress {
  /** SMS and e-mails that are due and neither sent nor given up. */
  unsent: number;
  reminded: number;
  opened: number;
  rooms: number;
}

/**
 * Looks how far the appointments of this start are, by indexes that hold only what is not done: looking must cost
 * nothing beside what is measured. @param startsAt epoch ms
 */
export async function readProgress(db: Db, startsAt: number): Promise<Progress> {
  const ofVendors = sql`channel in ('sms', 'email') and kind in ('t15', 't5')`;
  const herd = sql`from appointment where starts_at = ${new Date(startsAt)}`;
  const { rows } = await sql<Progress>`
    select
      (select count(*)::int from notification where status = 'pending' and next_attempt_at <= clock_timestamp() and ${ofVendors})
        + (select count(*)::int from notification where status = 'sending' and ${ofVendors}) as unsent,
      (select count(*)::int ${herd} and reminded_at is not null) as reminded,
      (select count(*)::int ${herd} and opened_at is not null) as opened,
      (select count(*)::int from room where status = 'alive') as rooms`.execute(db);
  return rows[0]!;
}

/** What PostgreSQL says of the herd, all by its own clock. */
export interface Durable {
  /** (a) T-15's SMS and e-mails to client and therapist: claimed for sending. */
  claimed: Lateness;
  /** T-15's SMS and e-mails by how they ended; only `sent` is good. */
  reminders: Record<string, number>;
  /** (b) the room alive; those that never were count in `roomsMissing`. */
  rooms: Lateness;
  roomsMissing: number;
  /** (c) the transitions in the timeline. T-15's may come ahead by the spread: only what is late counts. */
  reminderDurable: Lateness;
  openingDurable: Lateness;
  /** Notification rows of T-15 and T-5 that were claimed before their time. */
  claimedEarly: number;
}

async function milliseconds(query: ReturnType<typeof sql<{ ms: number | null }>>, db: Db): Promise<number[]> {
  const { rows } = await query.execute(db);
  return rows.flatMap(({ ms }) => (ms === null ? [] : [ms]));
}

const difference = (later: string, earlier: string) =>
  sql<number>`(extract(epoch from ${sql.ref(later)} - ${sql.ref(earlier)}) * 1000)::float8`;

/** Reads the herd's lateness from rows. @param opensAt T-5, epoch ms */
export async function readDurable(db: Db, ids: readonly string[]): Promise<Durable> {
  const herd = sql`appointment_id = any(${[...ids]}::uuid[])`;
  const vendors = sql`channel in ('sms', 'email') and recipient_role <> 'admin'`;
  const lateness = async (query: ReturnType<typeof sql<{ ms: number | null }>>) =>
    latenessOf(await milliseconds(query, db));
  const timeline = (kind: string) => sql<{ ms: number | null }>`
    select ${difference('at', 'due')} as ms from timeline_entry where ${herd} and kind = ${kind}`;
  const claims = (kinds: string[]) => sql<{ ms: number | null }>`
    select ${difference('claimed_at', 'not_before')} as ms from notification
    where ${herd} and kind = any(${kinds}::text[]) and ${vendors}`;
  const reminders = await sql<{ status: string; count: number }>`
    select status, count(*)::int as count from notification where ${herd} and kind = 't15' and ${vendors}
    group by status`.execute(db);
  const rooms = await lateness(sql`
    select ${difference('r.ensured_at', 'a.opens_at')} as ms from appointment a join room r on r.appointment_id = a.id
    where a.id = any(${[...ids]}::uuid[]) and r.status = 'alive'`);
  return {
    claimed: await lateness(claims(['t15'])),
    reminders: Object.fromEntries(reminders.rows.map(({ status, count }) => [status, count])),
    rooms: { ...rooms, early: 0 },
    roomsMissing: ids.length - rooms.count,
    reminderDurable: { ...(await lateness(timeline('reminder_due'))), early: 0 },
    openingDurable: await lateness(timeline('opening_due')),
    claimedEarly: (await lateness(claims(['t15', 't5']))).early,
  };
}

/** T-15's SMS and e-mails that a vendor took, by what the vendor calls them. */
export async function readSent(
  db: Db,
  ids: readonly string[],
): Promise<{ channel: string; ref: string; dueAt: number }[]> {
  const { rows } = await sql<{ channel: string; ref: string; dueAt: number }>`
    select channel, provider_ref as ref, (extract(epoch from not_before) * 1000)::float8 as due_at from notification
    where appointment_id = any(${[...ids]}::uuid[]) and kind = 't15' and channel in ('sms', 'email')
      and provider_ref is not null`.execute(db);
  return rows;
}
