import { sql } from 'kysely';
import { advance } from '../domain/advance.js';
import { joinVerdict } from '../domain/join.js';
import { Refused } from '../domain/refusals.js';
import { isTerminal, type Participant } from '../domain/types.js';
import { lockAppointment, type LoadedAppointment } from './appointment-record.js';
import type { Db, Trx } from './database.js';
import { freeLease, takeLease } from './leases.js';
import { storeMessage } from './messages.js';

/** A join that was let in, and what to send the workflow. */
export interface Joined {
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
    const receivedAt = new Date(now);
    await recordJoin(trx, loaded, participant, receivedAt);
    const messageId = await storeMessage(trx, {
      appointmentId,
      kind: 'join',
      actor: { role: participant, id: personId },
      receivedAt,
      signal: true,
    });
    return { loaded, messageId };
  });
}

/** First join, and for chat first presence: a conversation has no connection events, so the join counts. */
async function recordJoin(trx: Trx, { record }: LoadedAppointment, participant: Participant, at: Date): Promise<void> {
  const joined = sql.ref(participant === 'client' ? 'client_joined_at' : 'therapist_joined_at');
  const came = sql.ref(participant === 'client' ? 'client_came_at' : 'therapist_came_at');
  const chat = record.sessionMode === 'chat';
  await sql`
    update appointment set ${joined} = coalesce(${joined}, ${at}),
      ${came} = case when ${chat} then coalesce(${came}, ${at}) else ${came} end
    where id = ${record.id}`.execute(trx);
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
