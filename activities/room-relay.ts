import type { Logger } from 'pino';
import { claimRooms, retryRoom, type ClaimedRoom } from '../db/room-wishes.js';
import type { Db } from '../db/database.js';
import { markRoomClosed, recordRoom } from '../db/rooms.js';
import type { RoomProvider } from '../providers/types.js';
import { retryPauseMs } from './retry-pause.js';

export interface RoomRelayDependencies {
  db: Db;
  rooms: RoomProvider;
  /** Where the API is reached from outside: the vendor's callbacks go there. */
  publicUrl: string;
  log: Logger;
}

/** Rooms at the vendor at once: enough for a herd, within what vendors take of one account. */
export const ROOMS_AT_ONCE = 50;

/** Makes the rooms that are wanted and closes those of sessions that are over. @returns how many were claimed */
export async function relayRooms(deps: RoomRelayDependencies): Promise<number> {
  const claimed = await claimRooms(deps.db, ROOMS_AT_ONCE);
  await Promise.all(claimed.map((room) => carryOut(deps, room)));
  return claimed.length;
}

async function carryOut({ db, rooms, publicUrl, log }: RoomRelayDependencies, room: ClaimedRoom): Promise<void> {
  const { appointmentId, mode, meetingId, sid } = room;
  try {
    if (room.status === 'wanted') {
      const statusCallback = `${publicUrl}/webhooks/twilio/video`;
      const made = await rooms.ensureRoom({ uniqueName: meetingId, mode, statusCallback });
      await recordRoom(db, appointmentId, mode, made.sid);
    } else {
      await rooms.closeRoom({ sid: sid!, mode });
      await markRoomClosed(db, appointmentId, sid!);
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const inMs = retryPauseMs(room.attempts);
    log.warn({ appointmentId, room: room.status, attempts: room.attempts, error: said }, 'a room was not taken');
    await retryRoom(db, appointmentId, inMs, said);
  }
}
