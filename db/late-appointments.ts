import { type RawBuilder, sql } from 'kysely';
import type { Db } from './database.js';

/** A statement for the live appointments whose transition is due for `byMs` and not committed: each with its first such deadline. */
export const lateDeadlines = (byMs: number): RawBuilder<unknown> => sql`
  select distinct on (a.id) a.id as appointment_id, a.status, d.event, d.due
  from appointment a, lateral (values
    ('payment_window_over', case when a.status = 'scheduled' and a.paid_at is null then a.pay_by end),
    ('reminder_due', case when a.status = 'scheduled' and a.reminded_at is null then a.remind_at end),
    ('opening_due', case when a.status = 'scheduled' and a.opened_at is null then a.opens_at end),
    ('activation_window_over',
      case when a.status = 'scheduled' and a.paid_at is not null and a.activated_at is null then a.activate_by end),
    ('join', case when a.status = 'confirmed' then least(a.client_joined_at, a.therapist_joined_at) end),
    ('duration_over', a.ends_at) -- whatever its state: nothing lives beyond it
  ) d (event, due)
  where a.status in ('scheduled', 'confirmed', 'in_progress')
    and d.due < clock_timestamp() - ${byMs} * interval '1 millisecond'
  order by a.id, d.due`;

/**
 * Appointments that wait for their workflow: a deadline, or a message that was stored, is older than `byMs`.
 * @returns their ids, the longest late first, without those of `except`
 */
export async function readLateAppointments(
  db: Db,
  byMs: number,
  limit: number,
  except: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ appointmentId: string }>`
    select appointment_id from (
      select appointment_id, due as since from (${lateDeadlines(byMs)}) late
      union all
      select appointment_id, received_at from message
      where handled_at is null and received_at < clock_timestamp() - ${byMs} * interval '1 millisecond'
    ) waiting
    where appointment_id <> all(${[...except]}::uuid[])
    group by appointment_id order by min(since) limit ${limit}`.execute(db);
  return rows.map(({ appointmentId }) => appointmentId);
}
