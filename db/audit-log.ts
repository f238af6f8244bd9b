import { type ExpressionBuilder, sql } from 'kysely';
import type { ActorRole } from '../domain/types.js';
import type { Db } from './database.js';
import type { DB } from './schema.js';

/** One line of the audit log: a read, an export, a change of anything; what was done to appointments is the timeline's. */
export interface AuditLine {
  source: 'audit' | 'timeline';
  id: number;
  at: Date;
  actorRole: ActorRole;
  actorId: string | null;
  action: string;
  objectType: string;
  objectId: string | null;
  requestId: string | null;
}

export interface AuditFilter {
  actorId: string | null;
  action: string | null;
  objectType: string | null;
  objectId: string | null;
}

/** Where the last page ended in each of the two; null: from the newest on. */
export interface AuditPlace {
  audit: number | null;
  timeline: number | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Who acts in a timeline and is somebody: the clock and vendors are nobody. */
const PEOPLE: readonly ActorRole[] = ['client', 'therapist', 'admin', 'operator'];

async function auditLines(db: Db, filter: AuditFilter, below: number | null, limit: number): Promise<AuditLine[]> {
  let query = db
    .selectFrom('auditEntry')
    .select(['id', 'at', 'actorRole', 'actorId', 'action', 'objectType', 'objectId', 'requestId'])
    .orderBy('id', 'desc')
    .limit(limit);
  if (below !== null) query = query.where('id', '<', below);
  if (filter.actorId !== null) query = query.where('actorId', '=', filter.actorId);
  if (filter.action !== null) query = query.where('action', '=', filter.action);
  if (filter.objectType !== null) query = query.where('objectType', '=', filter.objectType);
  if (filter.objectId !== null) query = query.where('objectId', '=', filter.objectId);
  return (await query.execute()).map((row) => ({ source: 'audit', ...row }));
}

/** By an index in each case: an admin's entries have one of their own, others act on their own appointments alone. */
const byActor = (actorId: string) => (eb: ExpressionBuilder<DB, 'timelineEntry'>) =>
  eb.or([
    eb.and([eb('actorRole', 'in', ['admin', 'operator']), eb('actorId', '=', actorId)]),
    eb.and([
      eb('actorId', '=', actorId),
      sql<boolean>`appointment_id in (
        select id from appointment where client_id = ${actorId} or therapist_id = ${actorId})`,
    ]),
  ]);

async function timelineLines(db: Db, filter: AuditFilter, below: number | null, limit: number): Promise<AuditLine[]> {
  if (filter.objectType !== null && filter.objectType !== 'appointment') return [];
  if (filter.objectId !== null && !UUID.test(filter.objectId)) return [];
  let query = db
    .selectFrom('timelineEntry')
    .where('actorRole', 'in', [...PEOPLE])
    .select(['id', 'at', 'actorRole', 'actorId', 'kind as action', 'appointmentId as objectId'])
    .orderBy('id', 'desc')
    .limit(limit);
  if (below !== null) query = query.where('id', '<', below);
  if (filter.actorId !== null) query = query.where(byActor(filter.actorId));
  if (filter.action !== null) query = query.where('kind', '=', filter.action);
  if (filter.objectId !== null) query = query.where('appointmentId', '=', filter.objectId);
  const rows = await query.execute();
  return rows.map((row) => ({ source: 'timeline', objectType: 'appointment', requestId: null, ...row }));
}

/** Both halves as one, the newest first: each is read by its own ids, and they are merged by their times. */
export async function listAudit(
  db: Db,
  filter: AuditFilter,
  page: { limit: number; after: AuditPlace },
): Promise<{ lines: AuditLine[]; next: AuditPlace | null }> {
  const { limit, after } = page;
  const [audit, timeline] = await Promise.all([
    auditLines(db, filter, after.audit, limit + 1),
    timelineLines(db, filter, after.timeline, limit + 1),
  ]);
  const lines: AuditLine[] = [];
  while (lines.length < limit && audit.length + timeline.length > 0) {
    const [a, t] = [audit[0], timeline[0]];
    const first = t === undefined || (a !== undefined && a.at >= t.at) ? audit.shift() : timeline.shift();
    lines.push(first!);
  }
  const lastOf = (source: AuditLine['source'], before: number | null): number | null =>
    lines.findLast((line) => line.source === source)?.id ?? before;
  const next = { audit: lastOf('audit', after.audit), timeline: lastOf('timeline', after.timeline) };
  return { lines, next: audit.length + timeline.length > 0 ? next : null };
}
