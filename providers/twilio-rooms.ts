import type { TwilioConfig } from './config.js';
import { ChatRooms } from './twilio-chat.js';
import { createTwilioClient } from './twilio-client.js';
import { signAccessToken } from './twilio-token.js';
import { VideoRooms } from './twilio-video.js';
import { parseRoomCallback } from './twilio-webhook.js';
import type { Room, RoomConnection, RoomEvent, RoomMode, RoomProvider } from './types.js';

/** Twilio rooms by mode: Programmable Video for video and audio, Conversations for chat. Throws ProviderError only. */
export class TwilioRooms implements RoomProvider {
  private readonly video: VideoRooms;
  private readonly chat: ChatRooms;

  constructor(private readonly config: TwilioConfig) {
    const client = createTwilioClient(config);
    this.video = new VideoRooms(client);
    this.chat = new ChatRooms(client, config.conversationsServiceSid);
  }

  /** `statusCallback` is for video and audio; a chat's messages are no attendance. */
  async ensureRoom(request: { uniqueName: string; mode: RoomMode; statusCallback: string }): Promise<Room> {
    const { uniqueName, mode, statusCallback } = request;
    const sid =
      mode === 'chat' ? await this.chat.ensure(uniqueName) : await this.video.ensure(uniqueName, statusCallback);
    return { sid, mode };
  }

  closeRoom(room: Room): Promise<void> {
    return room.mode === 'chat' ? this.chat.close(room.sid) : this.video.complete(room.sid);
  }

  isAlive(room: Room): Promise<boolean> {
    return room.mode === 'chat' ? this.chat.isOpen(room.sid) : this.video.isInProgress(room.sid);
  }

  async readConnections(room: Room): Promise<RoomConnection[]> {
    return room.mode === 'chat' ? [] : this.video.connections(room.sid);
  }

  async dropConnection(room: Room, participantSid: string): Promise<void> {
    if (room.mode !== 'chat') await this.video.drop(room.sid, participantSid);
  }

  async addToChat(room: Room, identity: string): Promise<void> {
    if (room.mode === 'chat') await this.chat.add(room.sid, identity);
  }

  signToken(request: { identity: string; mode: RoomMode; uniqueName: string; ttlSeconds: number; now: Date }): string {
    return signAccessToken(this.config, request);
  }

  parseWebhook(publicUrl: string, form: Record<string, string>, signature: string | null): RoomEvent {
    return parseRoomCallback(this.config.authToken, publicUrl, form, signature);
  }
}
