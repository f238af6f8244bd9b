import { twilioCredentials } from '../credentials.js';
import { twilioSid } from '../ids.js';
import type { Collection, Store } from '../store.js';
import type { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { notFound, TwilioFailure } from './errors.js';
import { newRoom, type StoredParticipant, type StoredRoom } from './room-objects.js';

/** Twilio's video rooms and who is in them. Every change is told to the room's StatusCallback. */
export class TwilioRooms {
  readonly #rooms: Collection<StoredRoom>;
  readonly #participants: Collection<StoredParticipant>;

  constructor(
    store: Store,
    private readonly webhooks: WebhookDispatcher,
  ) {
    this.#rooms = store.collection<StoredRoom>('twilio_rooms');
    this.#participants = store.collection<StoredParticipant>('twilio_participants');
  }

  /** @throws TwilioFailure 53113 when a room of this name is in progress. */
  create(fields: Partial<StoredRoom>): StoredRoom {
    if (fields.uniqueName && this.#inProgress(fields.uniqueName)) throw new TwilioFailure(400, 53113, 'Room exists');
    const room = newRoom(fields);
    this.#rooms.put(room.sid, room);
    this.#tell(room.sid, 'room-created');
    return this.get(room.sid);
  }

  /** By sid, or by the unique name of a room in progress. @throws TwilioFailure 20404 */
  get(sidOrName: string): StoredRoom {
    const room = this.#rooms.get(sidOrName) ?? this.#inProgress(sidOrName);
    if (!room) throw notFound(`/Rooms/${sidOrName}`);
    return room;
  }

  list(): StoredRoom[] {
    return this.#rooms.values();
  }

  /** @throws TwilioFailure 53112 when it is completed already. */
  complete(sidOrName: string): StoredRoom {
    const { sid, status } = this.get(sidOrName);
    if (status === 'completed')
      throw new TwilioFailure(400, 53112, 'Room is not in-progress; its status cannot be changed');
    for (const participant of this.participants(sid)) {
      if (participant.status === 'connected') this.#disconnect(participant);
    }
    const now = new Date().toISOString();
    this.#rooms.change(sid, { status: 'completed', endedAt: now, updatedAt: now });
    this.#tell(sid, 'room-ended');
    return this.get(sid);
  }

  /** All who ever connected, oldest first. */
  participants(roomSid: string): StoredParticipant[] {
    return this.#participants.values().filter((participant) => participant.roomSid === roomSid);
  }

  /** By sid, or by the identity of one who is connected. @throws TwilioFailure 20404 */
  participant(roomSid: string, sidOrIdentity: string): StoredParticipant {
    const found = this.participants(roomSid).find(
      ({ sid, identity, status }) => sid === sidOrIdentity || (identity === sidOrIdentity && status === 'connected'),
    );
    if (!found) throw notFound(`/Rooms/${roomSid}/Participants/${sidOrIdentity}`);
    return found;
  }

  /**
   * Somebody connects. A second connection of the same identity ends the first
   * (https://www.twilio.com/docs/api/errors/53205).
   * @throws TwilioFailure 53118 when the room is completed, 53105 when it is full.
   */
  connect(sidOrName: string, identity: string): StoredParticipant {
    const room = this.get(sidOrName);
    if (room.status !== 'in-progress') throw new TwilioFailure(400, 53118, 'Room Completed');
    const inside = this.participants(room.sid).filter(({ status }) => status === 'connected');
    const same = inside.find((participant) => participant.identity === identity);
    if (same) this.#disconnect(same);
    else if (inside.length >= room.maxParticipants) {
      throw new TwilioFailure(400, 53105, 'Room contains too many Participants');
    }
    const participant: StoredParticipant = {
      sid: twilioSid('PA'),
      roomSid: room.sid,
      identity,
      status: 'connected',
      startedAt: new Date().toISOString(),
      endedAt: null,
    };
    this.#participants.put(participant.sid, participant);
    this.#rooms.change(room.sid, { emptySince: null, used: true });
    this.#tell(room.sid, 'participant-connected', participant);
    return participant;
  }

  /** Ends a connection; one that has ended stays as it is. */
  disconnect(roomSid: string, participantSid: string): StoredParticipant {
    const participant = this.participant(roomSid, participantSid);
    return participant.status === 'connected' ? this.#disconnect(participant) : participant;
  }

  /** Completes rooms that nobody is in for longer than they may be empty or unused. */
  endAbandoned(now: Date): void {
    for (const room of this.#rooms.values()) {
      if (room.status !== 'in-progress' || room.emptySince === null) continue;
      const minutes = room.used ? room.emptyTimeoutMinutes : room.unusedTimeoutMinutes;
      if (now.getTime() - Date.parse(room.emptySince) >= minutes * 60_000) this.complete(room.sid);
    }
  }

  #inProgress(uniqueName: string): StoredRoom | undefined {
    return this.#rooms.find((room) => room.uniqueName === uniqueName && room.status === 'in-progress');
  }

  #disconnect(participant: StoredParticipant): StoredParticipant {
    const endedAt = new Date().toISOString();
    const gone = this.#participants.change(participant.sid, { status: 'disconnected', endedAt });
    const stillIn = this.participants(gone.roomSid).some(({ status }) => status === 'connected');
    if (!stillIn) this.#rooms.change(gone.roomSid, { emptySince: endedAt });
    this.#tell(gone.roomSid, 'participant-disconnected', gone);
    return gone;
  }

  /** The parameters of https://www.twilio.com/docs/video/api/status-callbacks. */
  #tell(roomSid: string, event: string, participant?: StoredParticipant): void {
    const room = this.get(roomSid);
    this.#rooms.change(roomSid, { sequence: room.sequence + 1 });
    if (!room.statusCallback) return;
    const form: Record<string, string> = {
      AccountSid: twilioCredentials.accountSid,
      RoomName: room.uniqueName,
      RoomSid: room.sid,
      RoomStatus: room.status,
      RoomType: room.type,
      StatusCallbackEvent: event,
      // The same instant as the REST resource tells, so that both sources agree.
      Timestamp: happenedAt(room, participant),
      SequenceNumber: String(room.sequence),
    };
    if (room.endedAt && event === 'room-ended') form['RoomDuration'] = seconds(room.createdAt, room.endedAt);
    if (participant) {
      form['ParticipantSid'] = participant.sid;
      form['ParticipantStatus'] = participant.status;
      form['ParticipantIdentity'] = participant.identity;
      if (participant.endedAt) form['ParticipantDuration'] = seconds(participant.startedAt, participant.endedAt);
    }
    const body = new URLSearchParams(form).toString();
    this.webhooks.enqueue({
      provider: 'twilio',
      eventId: twilioSid('EV'),
      type: event,
      body,
      url: room.statusCallback,
    });
  }
}

function happenedAt(room: StoredRoom, participant?: StoredParticipant): string {
  if (participant) return participant.endedAt ?? participant.startedAt;
  return room.endedAt ?? room.createdAt;
}

function seconds(start: string, end: string): string {
  return String(Math.round((Date.parse(end) - Date.parse(start)) / 1000));
}
