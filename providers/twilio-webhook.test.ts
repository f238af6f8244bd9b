import twilio from 'twilio';
import { expect, test } from 'vitest';
import { configFor } from './test-support.js';
import { TwilioRooms } from './twilio-rooms.js';

const config = configFor('http://127.0.0.1:9').twilio;
const rooms = new TwilioRooms(config);
const URL_ = 'https://api.example.com/webhooks/twilio/video?appointment=1';
const connected = {
  AccountSid: config.accountSid,
  StatusCallbackEvent: 'participant-connected',
  RoomSid: 'RM1',
  RoomName: 'meeting-1',
  ParticipantSid: 'PA1',
  ParticipantIdentity: 'client:1',
  Timestamp: '2026-11-24T11:10:00.123Z',
};

function parse(form: Record<string, string>) {
  return rooms.parseWebhook(URL_, form, twilio.getExpectedTwilioSignature(config.authToken, URL_, form));
}

test('a participant came, a participant went', () => {
  const event = {
    roomSid: 'RM1',
    uniqueName: 'meeting-1',
    participantSid: 'PA1',
    identity: 'client:1',
    at: new Date('2026-11-24T11:10:00.123Z'),
  };
  expect(parse(connected)).toEqual({ type: 'participant_connected', ...event });
  const gone = { ...connected, StatusCallbackEvent: 'participant-disconnected' };
  expect(parse(gone)).toEqual({ type: 'participant_disconnected', ...event });
});

test('a room began, a room ended; anything else is named', () => {
  const room = { roomSid: 'RM1', uniqueName: 'meeting-1', at: new Date('2026-11-24T11:10:00.123Z') };
  expect(parse({ ...connected, StatusCallbackEvent: 'room-created' })).toEqual({ type: 'room_created', ...room });
  expect(parse({ ...connected, StatusCallbackEvent: 'room-ended' })).toEqual({ type: 'room_ended', ...room });
  expect(parse({ StatusCallbackEvent: 'track-added' })).toEqual({ type: 'other', name: 'track-added' });
});

test('another address, another form, another token and no signature are refused', () => {
  const signature = twilio.getExpectedTwilioSignature(config.authToken, URL_, connected);
  const refusal = expect.objectContaining({ code: 'signature_invalid', retryable: false });
  expect(() => rooms.parseWebhook('https://evil.example.com/', connected, signature)).toThrow(refusal);
  expect(() => rooms.parseWebhook('no address', connected, signature)).toThrow(refusal);
  expect(() => rooms.parseWebhook(URL_, { ...connected, ParticipantIdentity: 'x' }, signature)).toThrow(refusal);
  const foreign = twilio.getExpectedTwilioSignature('b'.repeat(32), URL_, connected);
  expect(() => rooms.parseWebhook(URL_, connected, foreign)).toThrow(refusal);
  expect(() => rooms.parseWebhook(URL_, connected, null)).toThrow(refusal);
});

test('a signed form without what it is about is unreadable', () => {
  const unreadable = expect.objectContaining({ code: 'body_unreadable' });
  expect(() => parse({})).toThrow(unreadable);
  expect(() => parse({ ...connected, ParticipantIdentity: '' })).toThrow(unreadable);
  expect(() => parse({ ...connected, Timestamp: 'yesterday' })).toThrow(unreadable);
});
