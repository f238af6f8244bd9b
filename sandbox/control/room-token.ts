import { jwtVerify } from 'jose';
import { twilioCredentials } from '../credentials.js';
import { ControlFailure } from './failure.js';

/**
 * Reads a Twilio access token as Twilio would when its bearer connects to a room.
 * @returns the identity. @throws ControlFailure when it isn't ours, has expired, or is for another room.
 */
export async function identityOfToken(token: string, roomNames: readonly string[]): Promise<string> {
  const secret = new TextEncoder().encode(twilioCredentials.apiKeySecret);
  const { payload } = await jwtVerify(token, secret, { issuer: twilioCredentials.apiKeySid }).catch(
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ControlFailure(400, '20101', `Invalid Access Token: ${reason}`);
    },
  );
  const grants = payload['grants'] as { identity?: string; video?: { room?: string } } | undefined;
  if (payload.sub !== twilioCredentials.accountSid)
    throw new ControlFailure(400, '20103', 'Invalid Access Token issuer/subject');
  if (!grants?.identity || !grants.video) throw new ControlFailure(400, '20106', 'Invalid Access Token grants');
  if (grants.video.room && !roomNames.includes(grants.video.room)) {
    throw new ControlFailure(400, '53106', `The token is for the room ${grants.video.room}`);
  }
  return grants.identity;
}
