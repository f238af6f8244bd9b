import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { AppointmentCalls } from '../../api/appointment-calls.js';
import { loadAppointment } from '../../db/appointment-record.js';
import { commitAppointment } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { joinSession } from '../../db/joins.js';
import { recordConnections, roomIdentity } from '../../db/rooms.js';
import type { Participant } from '../../domain/types.js';
import { forEachAtOnce } from '../at-once.js';
import { DURATION_MINUTES, type Pair } from '../life/people.js';
import { makePaid } from '../made-appointments.js';

/** Sessions in progress, made by the product's own transactions: only their ends are measured. */

const AT_ONCE = 16;
const PARTICIPANTS: Participant[] = ['client', 'therapist'];

async function connectBoth(db: Db, appointmentId: string): Promise<void> {
  const connections = PARTICIPANTS.map((participant) => ({
    participantSid: `PA${randomUUID().replaceAll('-', '')}`,
    participant,
    identity: roomIdentity(participant, randomUUID().slice(0, 12)),
    connectedAt: new Date(),
    disconnectedAt: null,
  }));
  await recordConnections(db, appointmentId, connections);
}

async function makeOne(db: Db, pair: Pair, admin: string, startsAt: number): Promise<string> {
  const appointmentId = await makePaid(db, { ...pair, startsAt, durationMinutes: DURATION_MINUTES });
  const actor = { role: 'admin', id: admin } as const;
  const force = { id: randomUUID(), kind: 'force_confirm', actor, payload: { reason: 'bench' } } as const;
  await commitAppointment(db, appointmentId, force);
  for (const participant of PARTICIPANTS) await joinSession(db, appointmentId, participant, pair[participant]);
  await connectBoth(db, appointmentId);
  const committed = await commitAppointment(db, appointmentId);
  if (committed?.record.status !== 'in_progress') throw new Error(`a session is ${committed?.record.status}`);
  return appointmentId;
}

/**
 * Makes a paid session in progress of each pair, all with the same start, with both in the room. Their notifications so
 * far are voided: sending them is no part of the end. @returns their ids
 */
export async function makeSessions(db: Db, pairs: readonly Pair[], admin: string, startsAt: number): Promise<string[]> {
  const ids: string[] = [];
  await forEachAtOnce(pairs, AT_ONCE, async (pair) => ids.push(await makeOne(db, pair, admin, startsAt)));
  await sql`update notification set status = 'voided' where status = 'pending' and appointment_id = any(${ids}::uuid[])`.execute(
    db,
  );
  return ids;
}

/** Starts each session's workflow from its row; each arms its timer for the end. */
export async function resumeAll(db: Db, calls: AppointmentCalls, ids: readonly string[]): Promise<void> {
  await forEachAtOnce(ids, AT_ONCE, async (id) => {
    const loaded = await loadAppointment(db, id);
    if (loaded === null || !(await calls.resume(loaded.record))) throw new Error(`the workflow of ${id} did not start`);
  });
}
