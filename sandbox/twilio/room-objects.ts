import { twilioCredentials } from '../credentials.js';
import { twilioSid } from '../ids.js';

const VIDEO = 'https://video.twilio.com/v1';

/** A video room as the sandbox keeps it. Times are ISO 8601 with milliseconds, where Twilio has whole seconds. */
export interface StoredRoom {
  sid: string;
  uniqueName: string;
  status: 'in-progress' | 'completed';
  type: string;
  statusCallback: string | null;
  statusCallbackMethod: string;
  maxParticipants: number;
  maxParticipantDurationSeconds: number;
  audioOnly: boolean;
  emptyTimeoutMinutes: number;
  unusedTimeoutMinutes: number;
  recordOnConnect: boolean;
  createdAt: string;
  updatedAt: string;
  endedAt: string | null;
  /** Since when nobody is in it; null while somebody is. */
  emptySince: string | null;
  used: boolean;
  /** The next status callback's SequenceNumber. */
  sequence: number;
}

export interface StoredParticipant {
  sid: string;
  roomSid: string;
  identity: string;
  status: 'connected' | 'disconnected';
  startedAt: string;
  endedAt: string | null;
}

export function newRoom(fields: Partial<StoredRoom>): StoredRoom {
  const sid = twilioSid('RM');
  const now = new Date().toISOString();
  return {
    sid,
    uniqueName: sid,
    status: 'in-progress',
    type: 'group',
    statusCallback: null,
    statusCallbackMethod: 'POST',
    maxParticipants: 50,
    maxParticipantDurationSeconds: 14_400,
    audioOnly: false,
    emptyTimeoutMinutes: 5,
    unusedTimeoutMinutes: 5,
    recordOnConnect: false,
    createdAt: now,
    updatedAt: now,
    endedAt: null,
    emptySince: now,
    used: false,
    sequence: 0,
    ...fields,
  };
}

function secondsBetween(start: string, end: string): number {
  return Math.round((Date.parse(end) - Date.parse(start)) / 1000);
}

/** The room as `video.v1.room`. */
export function roomEntity(room: StoredRoom): Record<string, unknown> {
  const url = `${VIDEO}/Rooms/${room.sid}`;
  return {
    account_sid: twilioCredentials.accountSid,
    date_created: room.createdAt,
    date_updated: room.updatedAt,
    status: room.status,
    type: room.type,
    sid: room.sid,
    enable_turn: true,
    unique_name: room.uniqueName,
    max_participants: room.maxParticipants,
    max_participant_duration: room.maxParticipantDurationSeconds,
    max_concurrent_published_tracks: 170,
    duration: room.endedAt ? secondsBetween(room.createdAt, room.endedAt) : null,
    status_callback_method: room.statusCallbackMethod,
    status_callback: room.statusCallback,
    record_participants_on_connect: room.recordOnConnect,
    video_codecs: ['VP8', 'H264'],
    audio_only: room.audioOnly,
    media_region: 'us1',
    empty_room_timeout: room.emptyTimeoutMinutes,
    unused_room_timeout: room.unusedTimeoutMinutes,
    end_time: room.endedAt,
    large_room: false,
    url,
    links: {
      participants: `${url}/Participants`,
      recordings: `${url}/Recordings`,
      transcriptions: `${url}/Transcriptions`,
      recording_rules: `${url}/RecordingRules`,
    },
  };
}

/** The participant as `video.v1.room.room_participant`. */
export function participantEntity(participant: StoredParticipant): Record<string, unknown> {
  const url = `${VIDEO}/Rooms/${participant.roomSid}/Participants/${participant.sid}`;
  return {
    account_sid: twilioCredentials.accountSid,
    room_sid: participant.roomSid,
    date_created: participant.startedAt,
    date_updated: participant.endedAt ?? participant.startedAt,
    start_time: participant.startedAt,
    end_time: participant.endedAt,
    sid: participant.sid,
    identity: participant.identity,
    status: participant.status,
    url,
    duration: participant.endedAt ? secondsBetween(participant.startedAt, participant.endedAt) : null,
    links: {
      published_tracks: `${url}/PublishedTracks`,
      subscribed_tracks: `${url}/SubscribedTracks`,
      subscribe_rules: `${url}/SubscribeRules`,
      anonymize: `${url}/Anonymize`,
    },
  };
}
