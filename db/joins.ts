import { sql } from 'kysely';
import { advance } from '../domain/advance.js';
import { joinVerdict } from '../domain/join.js';
import { Refused } from '../domain/refusals.js';
import { isTerminal, type Participant } from '../domain/types.js';
import { lockAppointment, type LoadedAppointment } from './appointment-record.js';
import type { Db, Trx } from './database.js';
import { freeLease, takeLease } from './leases.js';
import { type Answer, rememberAnswer, type RequestKey } from './idempotency.js';
import { firstTryAt, storeMessage } from './messages.js';
import { LAST } from './patience.js';

/** Where somebody who was let in goes. */
export interface Doorway {
  /** The vendor's id of the room, if one is alive. */
  roomSid: string | null;
  /** The participant's connections that are open now: each is older than the token that is given out next. */
  oldConnections: string[];
}

/** What is kept for those who repeat a join, in its own transaction. */
export interface KeyedAnswer extends Answer {
  key: RequestKey;
}

/** A join that was let in, and what to send the workflow. */
export interface Joined extends Doorway {
  loaded: LoadedAppointment;
  messageId: string;
}

async function lockOrRefuse(trx: Trx, appointmentId: string): Promise<LoadedAppointment> {
  const loaded = await lockAppointment(trx, appointmentId);
  if (loaded === null) throw new Refused('unknown_appointment');
  return loaded;
}

/**
 * Joining: verdict, lease, attendance and outbox row in one transaction. It needs no worker and no Temporal; who is
 * let in is decided by PostgreSQL's clock. @throws Refused with the verdict's code.
 */
export async function joinSession(
  db: Db,
  appointmentId: string,
  participant: Participant,
  personId: string,
  answer: KeyedAnswer | null = null,
): Promise<Joined> {
  return db.transaction().execute(async (trx) => {
    const loaded = await lockOrRefuse(trx, appointmentId);
    const { record, row, now } = loaded;
    const verdict = joinVerdict(advance(record, now), participant, now, null);
    if (verdict.code !== null) throw new Refused(verdict.code, { opensAt: new Date(verdict.opensAt).toISOString() });
    if (participant === 'therapist') {
      const blockingAppointmentId = await takeLease(trx, record.therapistId, appointmentId, row.endsAt);
      if (blockingAppointmentId !== null) throw new Refused('therapist_busy', { blockingAppointmentId });
    }
    return { loaded, ...(await recordJoin(trx, loaded, participant, personId, answer)) };
  });
}

const ROOM_SID = sql`(select sid from room where appointment_id = m.appointment_id and status = 'alive')`;
const OLD_CONNECTIONS = sql`(
  select coalesce(json_agg(c.participant_sid), '[]') from room_connection c
  where c.appointment_id = m.appointment_id and c.participant = m.actor_role and c.disconnected_at is null)`;

/**
 * First join, and for chat first presence: a conversation has no connection events, so the join counts. With the message,
 * and where to go, in one statement: people join by the thousand in one second.
 */
async function recordJoin(
  trx: Trx,
  { record, now }: LoadedAppointment,
  participant: Participant,
  personId: string,
  answer: KeyedAnswer | null,
): Promise<Omit<Joined, 'loaded'>> {
  const joined = sql.ref(participant === 'client' ? 'client_joined_at' : 'therapist_joined_at');
  const came = sql.ref(participant === 'client' ? 'client_came_at' : 'therapist_came_at');
  const chat = record.sessionMode === 'chat';
  const at = new Date(now);
  const remembered = answer === null ? sql`select 1` : rememberAnswer(trx, answer.key, answer);
  const { rows } = await sql<Omit<Joined, 'loaded'>>`${sql.raw(LAST)}
    with remembered as (${remembered}), joined as (
      update appointment set ${joined} = coalesce(${joined}, ${at}),
        ${came} = case when ${chat} then coalesce(${came}, ${at}) else ${came} end
      where id = ${record.id})
    insert into message as m (appointment_id, kind, actor_role, actor_id, received_at, next_attempt_at)
    values (${record.id}, 'join', ${participant}, ${personId}, ${at}, ${firstTryAt()})
    returning m.id as message_id, ${ROOM_SID} as room_sid, ${OLD_CONNECTIONS} as old_connections`.execute(trx);
  return rows[0]!;
}

/** Leaving keeps the session; before the start it frees the therapist's lease. @throws Refused `not_started`, `already_over` */
export async function leaveSession(
  db: Db,
  appointmentId: string,
  participant: Participant,
  personId: string,
): Promise<{ loaded: LoadedAppointment; messageId: string }> {
  return db.transaction().execute(async (trx) => {
    const loaded = await lockOrRefuse(trx, appointmentId);
    const { record, now } = loaded;
    const { record: seen } = advance(record, now);
    if (isTerminal(seen.status)) throw new Refused('already_over');
    if (record[participant].joinedAt === null) throw new Refused('not_started');
    if (participant === 'therapist' && now < record.startsAt) await freeLease(trx, record.therapistId, appointmentId);
    const messageId = await storeMessage(trx, {
      appointmentId,
      kind: 'leave',
      actor: { role: participant, id: personId },
      signal: true,
    });
    return { loaded, messageId };
  });
}
