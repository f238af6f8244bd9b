import { sql, type RawBuilder } from 'kysely';
import type { AppointmentRecord } from '../domain/record.js';
import type { Actor } from '../domain/types.js';
import { toDate } from './clock.js';
import type { Db } from './database.js';

/** What is said of one happening: `due` when it counts for (a deadline, a message's arrival), null where that is now. */
export interface TimelineNote {
  kind: string;
  actor: Actor;
  due: number | null;
  detail?: Record<string, unknown>;
}

/** The rows of notes, as a SELECT for an INSERT into timeline_entry; one text however many notes there are. */
export function timelineRows(
  record: Pick<AppointmentRecord, 'id' | 'scheduleVersion'>,
  notes: readonly TimelineNote[],
): RawBuilder<unknown> {
  const rows = notes.map(({ kind, actor, due, detail }) => ({
    kind,
    actor_role: actor.role,
    actor_id: actor.id,
    due: toDate(due),
    detail: detail ?? {},
  }));
  return sql`select ${record.id}::uuid, ${record.scheduleVersion}::int, n.kind, n.actor_role, n.actor_id, n.due, n.detail
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as n(kind text, actor_role text, actor_id uuid, due timestamptz, detail jsonb)`;
}

/** Appends to the appointment's timeline; `at` is PostgreSQL's moment of the write. */
export async function writeTimeline(
  db: Db,
  record: Pick<AppointmentRecord, 'id' | 'scheduleVersion'>,
  notes: readonly TimelineNote[],
): Promise<void> {
  if (notes.length === 0) return;
  await sql`insert into timeline_entry (appointment_id, schedule_version, kind, actor_role, actor_id, due, detail)
    ${timelineRows(record, notes)}`.execute(db);
}

/** The whole timeline, oldest first. */
export function readTimeline(db: Db, appointmentId: string) {
  return db.selectFrom('timelineEntry').where('appointmentId', '=', appointmentId).selectAll().orderBy('id').execute();
}
