import type twilio from 'twilio';
import { callTwilio } from './twilio-client.js';
import { hasCode, TWILIO } from './twilio-errors.js';
import { ProviderError, type RoomConnection } from './types.js';

/** Minutes a room may stand empty, the most that Twilio allows. */
const EMPTY_MINUTES = 60;
/** Create and adopt may each miss a room that ends or appears in between. */
const ENSURE_TRIES = 3;
const PAGE_SIZE = 100;

type ParticipantRow = Awaited<ReturnType<ReturnType<VideoRooms['participantsOf']>['list']>>[number];

/** Programmable Video rooms, for video and for audio alike. https://www.twilio.com/docs/video/api/rooms-resource */
export class VideoRooms {
  constructor(private readonly client: twilio.Twilio) {}

  /** The sid of the room in progress of this name: created, or adopted when it exists. */
  async ensure(uniqueName: string, statusCallback: string): Promise<string> {
    for (let attempt = 1; attempt <= ENSURE_TRIES; attempt += 1) {
      const sid = (await this.create(uniqueName, statusCallback)) ?? (await this.findInProgress(uniqueName));
      if (sid !== null) return sid;
    }
    throw new ProviderError('twilio', 'room_unsettled', `Room ${uniqueName} ends as often as it is made`, true);
  }

  async complete(sid: string): Promise<void> {
    try {
      await callTwilio(() => this.client.video.v1.rooms(sid).update({ status: 'completed' }));
    } catch (error) {
      if (!hasCode(error, TWILIO.roomCompleted, TWILIO.notFound)) throw error;
    }
  }

  async isInProgress(sid: string): Promise<boolean> {
    return (await this.findInProgress(sid)) !== null;
  }

  /**
   * Every connection, past and present. A list without a status is only half of them. Those connected are read
   * first: one who leaves between the two reads is then in both, and the later one, with its end, counts.
   */
  async connections(sid: string): Promise<RoomConnection[]> {
    const bySid = new Map<string, RoomConnection>();
    for (const status of ['connected', 'reconnecting', 'disconnected'] as const) {
      const rows = await callTwilio(() => this.participantsOf(sid).list({ status, pageSize: PAGE_SIZE }));
      for (const row of rows) bySid.set(row.sid, toConnection(row));
    }
    return [...bySid.values()].toSorted((a, b) => a.connectedAt.getTime() - b.connectedAt.getTime());
  }

  async drop(sid: string, participantSid: string): Promise<void> {
    const participant = this.client.video.v1.rooms(sid).participants(participantSid);
    try {
      await callTwilio(() => participant.update({ status: 'disconnected' }));
    } catch (error) {
      if (hasCode(error, TWILIO.notFound, TWILIO.roomCompleted)) return;
      if (!(error instanceof ProviderError) || error.retryable) throw error;
      const now = await callTwilio(() => participant.fetch());
      if (now.status !== 'disconnected') throw error;
    }
  }

  private participantsOf(sid: string) {
    return this.client.video.v1.rooms(sid).participants;
  }

  /** Null when a room of this name is in progress already. */
  private async create(uniqueName: string, statusCallback: string): Promise<string | null> {
    try {
      const room = await callTwilio(() =>
        this.client.video.v1.rooms.create({
          uniqueName,
          type: 'group', // also for audio: an audio-only room may be unavailable to an account
          unusedRoomTimeout: EMPTY_MINUTES,
          emptyRoomTimeout: EMPTY_MINUTES,
          statusCallback,
          statusCallbackMethod: 'POST',
        }),
      );
      return room.sid;
    } catch (error) {
      if (hasCode(error, TWILIO.roomExists)) return null;
      throw error;
    }
  }

  /** By sid or by name; null when it ended or never was. */
  private async findInProgress(sidOrName: string): Promise<string | null> {
    try {
      const room = await callTwilio(() => this.client.video.v1.rooms(sidOrName).fetch());
      return room.status === 'in-progress' ? room.sid : null;
    } catch (error) {
      if (hasCode(error, TWILIO.notFound)) return null;
      throw error;
    }
  }
}

function toConnection(row: ParticipantRow): RoomConnection {
  return {
    participantSid: row.sid,
    identity: row.identity,
    connectedAt: row.startTime ?? row.dateCreated,
    disconnectedAt: row.status === 'disconnected' ? (row.endTime ?? row.dateUpdated) : null,
  };
}
