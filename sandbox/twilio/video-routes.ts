import { Hono } from 'hono';
import type { VendorEnv } from '../vendor-gate.js';
import { TwilioFailure } from './errors.js';
import { v1Envelope } from './paging.js';
import { checkNames, type Fields, integer, text } from './params.js';
import { participantEntity, roomEntity, type StoredRoom } from './room-objects.js';
import type { TwilioRooms } from './rooms.js';

const BASE = 'https://video.twilio.com/v1';
const CREATE_NAMES = [
  'EnableTurn',
  'Type',
  'UniqueName',
  'StatusCallback',
  'StatusCallbackMethod',
  'MaxParticipants',
  'RecordParticipantsOnConnect',
  'TranscribeParticipantsOnConnect',
  'VideoCodecs',
  'MediaRegion',
  'RecordingRules',
  'TranscriptionsConfiguration',
  'AudioOnly',
  'MaxParticipantDuration',
  'EmptyRoomTimeout',
  'UnusedRoomTimeout',
  'LargeRoom',
];

/** Twilio Video below `/twilio/video/v1`. */
export function videoRoutes(rooms: TwilioRooms): Hono<VendorEnv> {
  const app = new Hono<VendorEnv>();

  app.post('/Rooms', (c) => c.json(roomEntity(rooms.create(readRoom(c.get('fields')))), 201));

  app.get('/Rooms', (c) => {
    const query = new URL(c.req.url).searchParams;
    const name = query.get('UniqueName');
    // Twilio lists rooms in progress unless it is asked for another status.
    const status = query.get('Status') ?? 'in-progress';
    const matching = rooms
      .list()
      .filter((room) => room.status === status && (!name || room.uniqueName === name))
      .filter((room) => created(room.createdAt, query))
      .toReversed();
    return c.json(v1Envelope('rooms', matching.map(roomEntity), `${BASE}/Rooms`, query));
  });

  app.get('/Rooms/:room', (c) => c.json(roomEntity(rooms.get(c.req.param('room')))));

  app.post('/Rooms/:room', (c) => {
    checkNames(c.get('fields'), ['Status']);
    if (text(c.get('fields'), 'Status') !== 'completed') throw new TwilioFailure(400, 53111, 'Invalid status');
    return c.json(roomEntity(rooms.complete(c.req.param('room'))), 202);
  });

  app.get('/Rooms/:room/Participants', (c) => {
    const { sid } = rooms.get(c.req.param('room'));
    const query = new URL(c.req.url).searchParams;
    const [status, identity] = [query.get('Status'), query.get('Identity')];
    const matching = rooms
      .participants(sid)
      .filter(
        (participant) => (!status || participant.status === status) && (!identity || participant.identity === identity),
      )
      .toReversed();
    return c.json(
      v1Envelope('participants', matching.map(participantEntity), `${BASE}/Rooms/${sid}/Participants`, query),
    );
  });

  app.get('/Rooms/:room/Participants/:participant', (c) => {
    const { sid } = rooms.get(c.req.param('room'));
    return c.json(participantEntity(rooms.participant(sid, c.req.param('participant'))));
  });

  app.post('/Rooms/:room/Participants/:participant', (c) => {
    checkNames(c.get('fields'), ['Status']);
    const { sid } = rooms.get(c.req.param('room'));
    if (text(c.get('fields'), 'Status') !== 'disconnected') throw new TwilioFailure(400, 20001, 'Invalid status');
    return c.json(participantEntity(rooms.disconnect(sid, c.req.param('participant'))), 202);
  });

  return app;
}

function readRoom(fields: Fields): Partial<StoredRoom> {
  checkNames(fields, CREATE_NAMES);
  const type = text(fields, 'Type') ?? 'group';
  // New accounts have group rooms only.
  if (type !== 'group') throw new TwilioFailure(400, 53126, `Room type ${type} is not available to this account`);
  const uniqueName = text(fields, 'UniqueName');
  if (uniqueName && uniqueName.length > 128) throw new TwilioFailure(400, 53100, 'Room name is too long');
  const statusCallback = text(fields, 'StatusCallback');
  if (statusCallback && !URL.canParse(statusCallback))
    throw new TwilioFailure(400, 53108, 'Status callback is invalid');
  return Object.fromEntries(
    Object.entries({
      uniqueName,
      type,
      statusCallback,
      statusCallbackMethod: text(fields, 'StatusCallbackMethod'),
      maxParticipants: integer(fields, 'MaxParticipants', 1, 50),
      maxParticipantDurationSeconds: integer(fields, 'MaxParticipantDuration', 600, 86_400),
      audioOnly: text(fields, 'AudioOnly') === 'true',
      emptyTimeoutMinutes: integer(fields, 'EmptyRoomTimeout', 1, 60),
      unusedTimeoutMinutes: integer(fields, 'UnusedRoomTimeout', 1, 60),
      recordOnConnect: text(fields, 'RecordParticipantsOnConnect') === 'true',
    }).filter(([, value]) => value !== null),
  );
}

function created(at: string, query: URLSearchParams): boolean {
  const [after, before] = [query.get('DateCreatedAfter'), query.get('DateCreatedBefore')];
  return (!after || Date.parse(at) >= Date.parse(after)) && (!before || Date.parse(at) <= Date.parse(before));
}
