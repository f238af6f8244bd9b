import type { ActorRole } from '../domain/types.js';
import type { Db } from './database.js';

/** One deed for the audit log: who did what to which object. Ids and enums only, never what was read or written. */
export interface Deed {
  actor: { role: ActorRole; id: string | null };
  /** snake_case, such as `read`, `cancel`, `export`. */
  action: string;
  /** `id` null: a list. */
  object: { type: string; id: string | null };
  /** Whose data it was, where that is one person. */
  subjectId?: string | null;
  requestId?: string | null;
}

/** Appends deeds in one statement; given a transaction, they stand or fall with what they tell of. */
export async function writeAudit(db: Db, deeds: readonly Deed[]): Promise<void> {
  if (deeds.length === 0) return;
  const rows = deeds.map(({ actor, action, object, subjectId = null, requestId = null }) => ({
    actorRole: actor.role,
    actorId: actor.id,
    action,
    objectType: object.type,
    objectId: object.id,
    subjectId,
    requestId,
  }));
  await db.insertInto('auditEntry').values(rows).execute();
}
