import type { StoredParticipant, StoredRoom } from '../twilio/room-objects.js';
import type { TwilioRooms } from '../twilio/rooms.js';
import { ControlFailure } from './failure.js';
import { identityOfToken } from './room-token.js';

/** A video room with all who ever were in it. */
export interface SandboxRoom {
  sid: string;
  uniqueName: string;
  status: 'in-progress' | 'completed';
  audioOnly: boolean;
  statusCallback: string | null;
  createdAt: string;
  endedAt: string | null;
  participants: StoredParticipant[];
}

/** Plays the people who connect to rooms. */
export class RoomControl {
  constructor(private readonly rooms: TwilioRooms) {}

  list(): SandboxRoom[] {
    return this.rooms.list().map((room) => this.#view(room));
  }

  /**
   * Connects by identity, or by an access token that is checked as Twilio checks it.
   * @throws TwilioFailure 20404, 53118 (completed), 53105 (full); ControlFailure for a bad token
   */
  async connect(room: string, who: { identity?: string; token?: string }): Promise<{ participantSid: string }> {
    const { sid, uniqueName } = this.rooms.get(room);
    const identity = who.token ? await identityOfToken(who.token, [sid, uniqueName]) : who.identity;
    if (!identity) throw new ControlFailure(400, 'identity_missing', 'Send { "identity": ... } or { "token": ... }.');
    return { participantSid: this.rooms.connect(sid, identity).sid };
  }

  /** `leave` and `drop` end a connection alike: Twilio's webhook doesn't tell them apart. */
  disconnect(room: string, participant: string): { participantSid: string } {
    const { sid } = this.rooms.get(room);
    return { participantSid: this.rooms.disconnect(sid, participant).sid };
  }

  #view({ sid, uniqueName, status, audioOnly, statusCallback, createdAt, endedAt }: StoredRoom): SandboxRoom {
    const participants = this.rooms.participants(sid);
    return { sid, uniqueName, status, audioOnly, statusCallback, createdAt, endedAt, participants };
  }
}
