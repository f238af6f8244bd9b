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

/** Appends to the appointment's timeline; `at` is PostgreSQL's moment of the write. */
export async function writeTimeline(
  db: Db,
  record: Pick<AppointmentRecord, 'id' | 'scheduleVersion'>,
  notes: readonly TimelineNote[],
): Promise<void> {
  if (notes.length === 0) return;
  await db
    .insertInto('timelineEntry')
    .values(
      notes.map(({ kind, actor, due, detail }) => ({
        appointmentId: record.id,
        scheduleVersion: record.scheduleVersion,
        kind,
        actorRole: actor.role,
        actorId: actor.id,
        due: toDate(due),
        detail: JSON.stringify(detail ?? {}),
      })),
    )
    .execute();
}

/** The whole timeline, oldest first. */
export function readTimeline(db: Db, appointmentId: string) {
  return db.selectFrom('timelineEntry').where('appointmentId', '=', appointmentId).selectAll().orderBy('id').execute();
}
