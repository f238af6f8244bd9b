import twilio from 'twilio';
import { ProviderError, type RoomEvent } from './types.js';

/**
 * Verifies `X-Twilio-Signature` (HMAC-SHA1 over the public URL and the sorted parameters, constant time) and reads a
 * room's status callback. https://www.twilio.com/docs/video/api/status-callbacks
 * @throws ProviderError `signature_invalid` or `body_unreadable`
 */
export function parseRoomCallback(
  authToken: string,
  publicUrl: string,
  form: Record<string, string>,
  signature: string | null,
): RoomEvent {
  if (!isSigned(authToken, publicUrl, form, signature)) {
    throw new ProviderError('twilio', 'signature_invalid', 'The callback is not signed by Twilio', false);
  }
  const name = field(form, 'StatusCallbackEvent');
  switch (name) {
    case 'room-created':
    case 'room-ended':
      return { type: name === 'room-created' ? 'room_created' : 'room_ended', ...roomOf(form) };
    case 'participant-connected':
    case 'participant-disconnected':
      return {
        type: name === 'participant-connected' ? 'participant_connected' : 'participant_disconnected',
        ...roomOf(form),
        participantSid: field(form, 'ParticipantSid'),
        identity: field(form, 'ParticipantIdentity'),
      };
    default:
      return { type: 'other', name };
  }
}

function isSigned(authToken: string, publicUrl: string, form: Record<string, string>, signature: string | null) {
  if (!signature) return false;
  try {
    return twilio.validateRequest(authToken, signature, publicUrl, form);
  } catch {
    return false; // not even a URL
  }
}

function roomOf(form: Record<string, string>) {
  const at = new Date(field(form, 'Timestamp'));
  if (Number.isNaN(at.getTime())) throw unreadable('Timestamp');
  return { roomSid: field(form, 'RoomSid'), uniqueName: field(form, 'RoomName'), at };
}

function field(form: Record<string, string>, name: string): string {
  const value = form[name];
  if (!value) throw unreadable(name);
  return value;
}

function unreadable(name: string): ProviderError {
  return new ProviderError('twilio', 'body_unreadable', `The callback is signed but ${name} is absent or odd`, false);
}
