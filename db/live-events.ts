import { sql } from 'kysely';
import type { Role, Status } from '../domain/types.js';
import type { Db } from './database.js';

/** Something that happened, with what is so by now: whoever is told late is told the present. */
export interface LiveEvent {
  kind: 'appointment' | 'payment' | 'refund' | 'notification';
  objectId: string;
  appointmentId: string | null;
  clientId: string | null;
  therapistId: string | null;
  /** Whom a notification is for. */
  personId: string | null;
  /** Of payment, refund and notification as it was then. */
  said: string;
  changes: string[];
  /** The appointment's, as of the reading; null without one. */
  now: AppointmentNow | null;
}

/** An appointment by the clock. Instants in epoch ms. */
export interface AppointmentNow {
  id: string;
  clientId: string;
  therapistId: string;
  version: number;
  status: Status;
  deciding: boolean;
  /** False while its therapist must not know of it. */
  isShown: boolean;
  /** When the clock alone changes what people see of it. */
  instants: number[];
}

/** What became visible, and the place from which to read on. */
export interface Reading {
  /** PostgreSQL's own text of what was visible (`pg_snapshot`): exact, whatever the order in which commits came. */
  snapshot: string;
  /** PostgreSQL's clock, epoch ms. */
  at: number;
  events: LiveEvent[];
}

const msOf = (column: string) => sql`(extract(epoch from ${sql.ref(column)}) * 1000)::bigint`;

const CLOCK_COLUMNS = ['pay_by', 'opens_at', 'starts_at', 'activate_by', 'ends_at'] as const;

const instants = sql`json_build_array(${sql.join(CLOCK_COLUMNS.map((column) => msOf(`a.${column}`)))})`;

const appointmentNow = sql`json_build_object('id', a.id, 'clientId', a.client_id, 'therapistId', a.therapist_id,
  'version', a.version, 'status', n.status, 'deciding', n.deciding, 'isShown', a.activated_at is not null,
  'instants', case when a.outcome_at is null then ${instants} else '[]'::json end)`;

const eventJson = sql`json_build_object('kind', e.kind, 'objectId', e.object_id, 'appointmentId', e.appointment_id,
  'clientId', e.client_id, 'therapistId', e.therapist_id, 'personId', e.person_id, 'said', e.status, 'changes', e.changes,
  'now', case when a.id is not null then ${appointmentNow} end)`;

/** Of the events `e` those that became visible since `snapshot`. */
export const isNewSince = (snapshot: string) => sql`
  e.xid >= pg_snapshot_xmin(${snapshot}::pg_snapshot)::text::bigint
  and not pg_visible_in_snapshot(e.xid::text::xid8, ${snapshot}::pg_snapshot)`;

const withNow = sql`
  left join appointment a on a.id = e.appointment_id
  left join lateral appointment_now(a, clock_timestamp()) n on a.id is not null`;

/** Where reading begins for who wants what happens from now on. */
export async function readPlace(db: Db): Promise<Reading> {
  const { rows } = await sql<{ snapshot: string; at: number }>`
    select pg_current_snapshot()::text as snapshot, ${msOf('now')} as at from clock_timestamp() now`.execute(db);
  return { ...rows[0]!, events: [] };
}

/** All events that became visible since a snapshot: each one in exactly one of successive readings. */
export async function readNewEvents(db: Db, since: string): Promise<Reading> {
  const { rows } = await sql<{ snapshot: string; at: number; events: LiveEvent[] | null }>`
    select pg_current_snapshot()::text as snapshot, ${msOf('now')} as at, (
      select json_agg(${eventJson} order by e.xid, e.id) from live_event e ${withNow} where ${isNewSince(since)}
    ) as events from clock_timestamp() now`.execute(db);
  const { events, ...place } = rows[0]!;
  return { ...place, events: events ?? [] };
}

/** Whose events are read; `appointmentId` narrows them. */
export interface EventScope {
  id: string;
  role: Role;
  appointmentId: string | null;
}

/** More than this is not told one by one: whoever was away so long reads anew. */
export const MOST_CAUGHT_UP = 500;

/** A superset of what concerns one person: who is told what of it is for the caller to say. */
function concerns({ id, role, appointmentId }: EventScope) {
  const mine = sql`(e.client_id = ${id} or e.therapist_id = ${id} or e.person_id = ${id})`;
  const here = appointmentId === null ? sql`true` : sql`e.appointment_id = ${appointmentId}`;
  return role === 'admin' ? here : sql`${mine} and ${here}`;
}

/** Instants so shortly before count as missed too: being told of them may have come a little later than a place after them. */
const CLOCK_OVERLAP_MS = 5_000;

/**
 * What one person missed since a snapshot and a moment (epoch ms): events, and what the clock did meanwhile, as events
 * without changes. Null when it can't be said: too much, or a snapshot that this database never had (it was restored).
 */
export async function readMissed(db: Db, scope: EventScope, since: string, sinceMs: number): Promise<Reading | null> {
  const { id, role, appointmentId } = scope;
  const from = new Date(sinceMs - CLOCK_OVERLAP_MS);
  const passed = sql.join(
    CLOCK_COLUMNS.map(
      (column) => sql`(${sql.ref(`a.${column}`)} > ${from} and ${sql.ref(`a.${column}`)} <= clock_timestamp())`,
    ),
    sql` or `,
  );
  const mine = role === 'admin' ? sql`true` : sql`${sql.ref(`a.${role}_id`)} = ${id}`;
  const here = appointmentId === null ? sql`true` : sql`a.id = ${appointmentId}`;
  const { rows } = await sql<{
    snapshot: string;
    at: number;
    isKnown: boolean;
    events: LiveEvent[] | null;
    clocked: AppointmentNow[] | null;
  }>`
    select pg_current_snapshot()::text as snapshot, ${msOf('now')} as at,
      pg_snapshot_xmax(${since}::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()) as is_known,
      (select json_agg(found.event) from (
        select ${eventJson} as event from live_event e ${withNow}
        where ${isNewSince(since)} and ${concerns(scope)} order by e.xid, e.id limit ${MOST_CAUGHT_UP + 1}
      ) found) as events,
      (select json_agg(found.clocked) from (
        select ${appointmentNow} as clocked from appointment a, lateral appointment_now(a, clock_timestamp()) n
        where a.outcome_at is null and ${mine} and ${here} and (${passed}) limit ${MOST_CAUGHT_UP + 1}
      ) found) as clocked
    from clock_timestamp() now`.execute(db);
  const { snapshot, at, isKnown, events, clocked } = rows[0]!;
  const all = [...(events ?? []), ...(clocked ?? []).map(byTheClock)];
  return isKnown && all.length <= MOST_CAUGHT_UP ? { snapshot, at, events: all } : null;
}

/** What the clock did, as an event. */
export function byTheClock(now: AppointmentNow): LiveEvent {
  return {
    kind: 'appointment',
    objectId: now.id,
    appointmentId: now.id,
    clientId: now.clientId,
    therapistId: now.therapistId,
    personId: null,
    said: now.status,
    changes: [],
    now,
  };
}

/** Live appointments with an instant within `ms` from now on, by PostgreSQL's clock. */
export async function readComing(db: Db, ms: number): Promise<AppointmentNow[]> {
  const until = sql`clock_timestamp() + ${ms} * interval '1 millisecond'`;
  const coming = sql.join(
    CLOCK_COLUMNS.map(
      (column) => sql`(${sql.ref(`a.${column}`)} > clock_timestamp() and ${sql.ref(`a.${column}`)} <= ${until})`,
    ),
    sql` or `,
  );
  const { rows } = await sql<{ coming: AppointmentNow[] | null }>`
    select json_agg(${appointmentNow}) as coming from appointment a, lateral appointment_now(a, clock_timestamp()) n
    where a.status in ('scheduled', 'confirmed', 'in_progress') and (${coming})`.execute(db);
  return rows[0]!.coming ?? [];
}

/** The given appointments as of PostgreSQL's clock. */
export async function readNow(db: Db, ids: readonly string[]): Promise<{ at: number; found: AppointmentNow[] }> {
  const { rows } = await sql<{ at: number; found: AppointmentNow[] | null }>`
    select ${msOf('now')} as at, (
      select json_agg(${appointmentNow}) from appointment a, lateral appointment_now(a, now) n where a.id = any(${ids}::uuid[])
    ) as found from clock_timestamp() now`.execute(db);
  return { at: rows[0]!.at, found: rows[0]!.found ?? [] };
}

/** Which of these people still have the role that they came with. @returns their ids */
export async function readStanding(db: Db, people: readonly { id: string; role: Role }[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select p.id from person p join jsonb_to_recordset(${JSON.stringify(people)}::jsonb) as l(id uuid, role text)
      on l.id = p.id and l.role = p.role and p.erased_at is null`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** How long events are kept; who was away for longer reads anew. */
export const KEPT_MS = 24 * 60 * 60_000;
const PRUNED_AT_ONCE = 5_000;

/** Removes old events, but none that has not been fanned out. @returns how many events */
export async function pruneEvents(db: Db): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from live_event e using (
      select xid, id, at from live_event order by xid, id limit ${PRUNED_AT_ONCE}
    ) oldest, webhook_position p
    where e.xid = oldest.xid and e.id = oldest.id and oldest.at < clock_timestamp() - ${KEPT_MS} * interval '1 millisecond'
      and pg_visible_in_snapshot(e.xid::text::xid8, p.snapshot::pg_snapshot)`.execute(db);
  return Number(numAffectedRows ?? 0);
}
