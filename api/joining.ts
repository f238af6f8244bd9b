import { randomBytes } from 'node:crypto';
import { type Doorway, joinSession, type KeyedAnswer } from '../db/joins.js';
import type { SeenAppointment } from '../db/seen-appointment.js';
import { aliveRoomOf, openConnections, recordRoom, roomIdentity } from '../db/rooms.js';
import { advance } from '../domain/advance.js';
import { joinVerdict } from '../domain/join.js';
import { Refused } from '../domain/refusals.js';
import type { Participant } from '../domain/types.js';
import type { Room } from '../providers/types.js';
import { iso } from './present.js';
import type { Services } from './services.js';

/** What a participant's client connects with; the token is signed for this answer and stored nowhere. */
export interface Ticket {
  room: { name: string; sid: string; identity: string };
  token: string;
  expiresAt: string;
}

/** How long a token outlives the session, so that nobody is cut off by a slow clock. */
const AFTER_END_MS = 5 * 60_000;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

/**
 * Joins: the transaction lets in and records, then the token. Nobody waits for the workflow, and in the second in which
 * many join it would be in their way: the relay tells it a moment later, unless a commit came by before. @throws Refused
 */
export async function join(
  services: Services,
  seen: SeenAppointment,
  participant: Participant,
  personId: string,
  answer: KeyedAnswer | null,
): Promise<Ticket> {
  const doorway = await joinSession(services.db, seen.record.id, participant, personId, answer);
  return issueTicket(services, seen, participant, doorway);
}

/** A repeat of a join that was let in gets a new token while the verdict still says so, and joins nothing. @throws Refused */
export async function rejoin(services: Services, seen: SeenAppointment, participant: Participant): Promise<Ticket> {
  const { record, now, busyWith } = seen;
  const { code } = joinVerdict(advance(record, now), participant, now, busyWith);
  if (code !== null) throw new Refused(code);
  const room = await aliveRoomOf(services.db, record.id);
  const old = await openConnections(services.db, record.id, participant);
  const oldConnections = old.map(({ participantSid }) => participantSid);
  return issueTicket(services, seen, participant, { roomSid: room?.sid ?? null, oldConnections });
}

async function issueTicket(
  services: Services,
  seen: SeenAppointment,
  participant: Participant,
  { roomSid, oldConnections }: Doorway,
): Promise<Ticket> {
  const { record, meetingId, now } = seen;
  const { rooms } = services.providers;
  const room = roomSid === null ? await makeRoom(services, seen) : { sid: roomSid, mode: record.sessionMode };
  // What is open now is old: nobody can connect with a token that isn't given out yet.
  services.background.run('drop old connections', () => {
    return Promise.all(oldConnections.map((participantSid) => rooms.dropConnection(room, participantSid)));
  });
  const isChat = record.sessionMode === 'chat';
  // A conversation has members, not connections: one stable member a participant.
  const identity = roomIdentity(participant, isChat ? record.id : randomBytes(6).toString('hex'));
  await rooms.addToChat(room, identity);
  const ttlMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, record.endsAt + AFTER_END_MS - now));
  const ttlSeconds = Math.floor(ttlMs / 1000);
  const token = rooms.signToken({
    identity,
    mode: record.sessionMode,
    uniqueName: meetingId,
    ttlSeconds,
    now: new Date(now),
  });
  return { room: { name: meetingId, sid: room.sid, identity }, token, expiresAt: iso(now + ttlSeconds * 1000) };
}

/** No room is alive in the row: the vendor's, ensured now. */
async function makeRoom({ db, providers, config }: Services, { record, meetingId }: SeenAppointment): Promise<Room> {
  const mode = record.sessionMode;
  const statusCallback = `${config.publicUrl}/webhooks/twilio/video`;
  const room = await providers.rooms.ensureRoom({ uniqueName: meetingId, mode, statusCallback });
  await recordRoom(db, record.id, mode, room.sid);
  return room;
}
