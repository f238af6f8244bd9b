import { loadAppointment } from '../db/appointment-record.js';
import { recordEvidence } from '../db/commit.js';
import {
  countJoinsAsPresence,
  markRoomClosed,
  participantOf,
  readRoom,
  recordConnections,
  recordRoom,
} from '../db/rooms.js';
import type { ActivityDependencies } from './dependencies.js';
import type { ProviderActivities } from './types.js';

type RoomActivities = Pick<ProviderActivities, 'ensureRoom' | 'closeRoom' | 'readAttendance' | 'assumeAttendance'>;

/**
 * Video, audio and chat rooms at the vendor. The row says what we know; the vendor's answer corrects it. Making and
 * closing are for workflows begun before 1.1 (see Snapshot in workflows/messages.ts); the room relay does both today.
 */
export function createRoomActivities({ db, rooms, publicUrl }: ActivityDependencies): RoomActivities {
  return {
    async ensureRoom(appointmentId) {
      const loaded = await loadAppointment(db, appointmentId);
      if (loaded === null) return;
      const { meetingId, sessionMode } = loaded.row;
      const room = await rooms.ensureRoom({
        uniqueName: meetingId,
        mode: sessionMode,
        statusCallback: `${publicUrl}/webhooks/twilio/video`,
      });
      await recordRoom(db, appointmentId, sessionMode, room.sid);
    },

    async closeRoom(appointmentId) {
      const room = await readRoom(db, appointmentId);
      if (room?.sid == null || room.status === 'closed') return;
      await rooms.closeRoom({ sid: room.sid, mode: room.mode });
      await markRoomClosed(db, appointmentId, room.sid);
    },

    async readAttendance(appointmentId) {
      const room = await readRoom(db, appointmentId);
      if (room?.sid != null) {
        const connections = await rooms.readConnections({ sid: room.sid, mode: room.mode });
        const known = connections.flatMap(({ participantSid, identity, connectedAt, disconnectedAt }) => {
          const participant = participantOf(identity);
          return participant === null ? [] : [{ participantSid, participant, identity, connectedAt, disconnectedAt }];
        });
        await recordConnections(db, appointmentId, known);
      }
      await recordEvidence(db, appointmentId, 'attendance');
    },

    async assumeAttendance(appointmentId) {
      await countJoinsAsPresence(db, appointmentId);
      await recordEvidence(db, appointmentId, 'attendance');
    },
  };
}
