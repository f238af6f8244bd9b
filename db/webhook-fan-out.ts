import { sql } from 'kysely';
import type { Db } from './database.js';
import { isNewSince } from './live-events.js';

const iso = (column: string) => sql`to_char(${sql.ref(column)} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** What others are told: opaque ids, statuses and instants; nothing personal, no amounts, no reasons in anybody's words. */
const data = sql`case when e.kind = 'appointment'
  then json_build_object('id', e.object_id, 'version', e.version, 'status', e.status, 'startsAt', ${iso('e.starts_at')},
    'endsAt', ${iso('e.ends_at')}, 'clientId', e.client_id, 'therapistId', e.therapist_id, 'outcomeReason', e.outcome_reason)
  else json_build_object('id', e.object_id, 'appointmentId', e.appointment_id, 'clientId', e.client_id, 'status', e.status) end`;

/**
 * Writes a delivery for each event that became visible since the last call, and each endpoint that wants its type; one
 * that is given up gets it as skipped. One statement: a relay that dies in it has done nothing. Of two relays at once the
 * second finds the position moved, and writes nothing. (The snapshot goes along as a value: of one that is read from a
 * table PostgreSQL expects a third of all events, and reads them whole.) @returns how many were written
 */
export async function fanOut(db: Db): Promise<number> {
  const { rows } = await sql<{ snapshot: string; mayBeNew: boolean; isForeign: boolean }>`
    select p.snapshot,
      coalesce((select max(xid) from live_event) >= pg_snapshot_xmin(p.snapshot::pg_snapshot)::text::bigint, false)
        as may_be_new,
      pg_snapshot_xmax(p.snapshot::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) as is_foreign
    from webhook_position p`.execute(db);
  const { snapshot, mayBeNew, isForeign } = rows[0]!;
  if (isForeign) await beginAnew(db);
  if (isForeign || !mayBeNew) return 0;
  const { numAffectedRows } = await sql`
    with position as (
      select 1 from webhook_position where snapshot = ${snapshot} for update
    ), moved as (
      update webhook_position set snapshot = pg_current_snapshot()::text from position
    ), told as (
      select e.*, c.change, 'msg_' || md5(concat_ws(':', extract(epoch from e.at), e.xid, e.id, c.nth)) as message_id,
        e.kind || '.' || c.change as type, ${data} as data
      from position, live_event e, lateral unnest(e.changes) with ordinality c (change, nth)
      where ${isNewSince(snapshot)} and e.kind <> 'notification'
    )
    insert into webhook_delivery (endpoint_id, message_id, type, appointment_id, body, status, next_attempt_at)
    select w.id, t.message_id, t.type, t.appointment_id,
      json_build_object('type', t.type, 'timestamp', ${iso('t.at')}, 'data', t.data)::text,
      case when w.status = 'enabled' then 'pending' else 'skipped' end,
      case when w.status = 'enabled' then clock_timestamp() end
    from told t join webhook_endpoint w
      on w.status <> 'deleted' and w.created_at <= t.at and (w.types = '{}' or t.type = any(w.types))
    on conflict (endpoint_id, message_id) do nothing`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** The rows come from another server's dump, whose transactions were counted otherwise: what they say has no order here. */
async function beginAnew(db: Db): Promise<void> {
  await sql`
    with old as (delete from live_event)
    update webhook_position set snapshot = pg_current_snapshot()::text`.execute(db);
}
