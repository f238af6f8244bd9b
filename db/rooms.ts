import { sql } from 'kysely';
import type { Participant, SessionMode } from '../domain/types.js';
import type { Db } from './database.js';

/**
 * Remembers the vendor's room of an appointment; a later one (the first ended) replaces it. One that came to be after
 * the appointment's end is closed by the relay.
 */
export async function recordRoom(db: Db, appointmentId: string, mode: SessionMode, sid: string): Promise<void> {
  await sql`
    insert into room (appointment_id, mode, sid, status, ensured_at, next_attempt_at)
    select a.id, ${mode}, ${sid}, case when a.outcome_at is null then 'alive' else 'closing' end, clock_timestamp(),
      case when a.outcome_at is null then null else clock_timestamp() end
    from appointment a where a.id = ${appointmentId}
    on conflict (appointment_id) do update set sid = excluded.sid, status = excluded.status,
      ensured_at = excluded.ensured_at, next_attempt_at = excluded.next_attempt_at, closed_at = null, attempts = 0, error = null
  `.execute(db);
}

/** A room with its vendor's sid, as far as we know alive; undefined where a join has to make one. */
export async function aliveRoomOf(db: Db, appointmentId: string): Promise<{ sid: string } | undefined> {
  const room = await db
    .selectFrom('room')
    .where('appointmentId', '=', appointmentId)
    .where('status', '=', 'alive')
    .select('sid')
    .executeTakeFirst();
  return room?.sid == null ? undefined : { sid: room.sid };
}

export function readRoom(db: Db, appointmentId: string) {
  return db.selectFrom('room').where('appointmentId', '=', appointmentId).selectAll().executeTakeFirst();
}

/** The room has ended (by us, or by the vendor: then a join makes another). */
export async function markRoomClosed(db: Db, appointmentId: string, sid: string): Promise<void> {
  await db
    .updateTable('room')
    .set({ status: 'closed', closedAt: sql`clock_timestamp()`, nextAttemptAt: null, error: null })
    .where('appointmentId', '=', appointmentId)
    .where('sid', '=', sid)
    .execute();
}

/** One connection of a participant to the room, as the vendor's webhook or record tells it. */
export interface Connection {
  participantSid: string;
  participant: Participant;
  identity: string;
  connectedAt: Date;
  disconnectedAt: Date | null;
}

/**
 * Records connections and, from them, who came: the first connection counts, within the appointment's time. Events may
 * repeat and come in any order; a known disconnection is never forgotten.
 */
export async function recordConnections(
  db: Db,
  appointmentId: string,
  connections: readonly Connection[],
): Promise<void> {
  if (connections.length === 0) return;
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom('appointment').where('id', '=', appointmentId).select('id').forUpdate().execute();
    await trx
      .insertInto('roomConnection')
      .values(connections.map((connection) => ({ ...connection, appointmentId })))
      .onConflict((conflict) =>
        conflict.column('participantSid').doUpdateSet({
          connectedAt: sql<Date>`least(room_connection.connected_at, excluded.connected_at)`,
          disconnectedAt: sql<Date | null>`coalesce(excluded.disconnected_at, room_connection.disconnected_at)`,
        }),
      )
      .execute();
    await sql`
      update appointment a set
        client_came_at = (select min(connected_at) from room_connection c
          where c.appointment_id = a.id and c.participant = 'client' and c.connected_at < a.ends_at),
        therapist_came_at = (select min(connected_at) from room_connection c
          where c.appointment_id = a.id and c.participant = 'therapist' and c.connected_at < a.ends_at)
      where id = ${appointmentId} and status in ('scheduled', 'confirmed', 'in_progress')`.execute(trx);
  });
}

/** Where the vendor's record can't be read the join call counts: who joined, came. */
export async function countJoinsAsPresence(db: Db, appointmentId: string): Promise<void> {
  await sql`
    update appointment set client_came_at = coalesce(client_came_at, client_joined_at),
      therapist_came_at = coalesce(therapist_came_at, therapist_joined_at)
    where id = ${appointmentId}`.execute(db);
}

/** Connections of one participant that are open as far as we know, to drop the old ones at a new join. */
export function openConnections(db: Db, appointmentId: string, participant: Participant) {
  return db
    .selectFrom('roomConnection')
    .where('appointmentId', '=', appointmentId)
    .where('participant', '=', participant)
    .where('disconnectedAt', 'is', null)
    .select(['participantSid', 'identity'])
    .execute();
}

/** The appointment a room's unique name (its meeting id) belongs to. */
export function appointmentOfMeeting(db: Db, meetingId: string) {
  return db
    .selectFrom('appointment')
    .where('meetingId', '=', meetingId)
    .select(['id', 'sessionMode'])
    .executeTakeFirst();
}

/** The vendor keeps identities and shows them to the other side: letters, since a role would say what this is. */
const LETTERS = { client: 'a', therapist: 'b' } as const satisfies Record<Participant, string>;
/** Words are of tokens that were signed before there were letters. */
const IDENTITY = /^(?:(a|client)|b|therapist)-/;

/** An identity for one connection: the participant's letter and something that makes it unique; no personal data. */
export function roomIdentity(participant: Participant, unique: string): string {
  return `${LETTERS[participant]}-${unique}`;
}

/** Whose connection an identity is; null for one that isn't ours. */
export function participantOf(identity: string): Participant | null {
  const match = IDENTITY.exec(identity);
  if (match === null) return null;
  return match[1] === undefined ? 'therapist' : 'client';
}
