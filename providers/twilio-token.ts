import { createSecretKey, type KeyObject } from 'node:crypto';
import twilio from 'twilio';
import type { TwilioConfig } from './config.js';
import { ProviderError, type RoomMode } from './types.js';

const { AccessToken } = twilio.jwt;

/** Twilio's bounds; its SDK keeps neither. https://www.twilio.com/docs/iam/access-tokens */
const IDENTITY_MAX = 128;
const TTL_MAX_SECONDS = 24 * 60 * 60;

/**
 * An access token for one room, signed here. It expires at `now + ttlSeconds`, whatever this machine's clock says.
 * Video and audio carry the same grant: that audio publishes no camera is the client's part.
 * @throws ProviderError `token_refused` for an identity or a lifetime that Twilio would not take
 */
export function signAccessToken(
  config: TwilioConfig,
  request: { identity: string; mode: RoomMode; uniqueName: string; ttlSeconds: number; now: Date },
): string {
  const { identity, ttlSeconds } = request;
  if (identity.length === 0 || identity.length > IDENTITY_MAX) {
    throw new ProviderError('twilio', 'token_refused', `An identity has 1 to ${IDENTITY_MAX} characters`, false);
  }
  if (!(ttlSeconds >= 1 && ttlSeconds <= TTL_MAX_SECONDS)) {
    throw new ProviderError('twilio', 'token_refused', `A token lives 1 to ${TTL_MAX_SECONDS} seconds`, false);
  }
  const token = new AccessToken(config.accountSid, config.apiKeySid, keyOf(config.apiKeySecret), {
    identity,
    ttl: sdkTtlSeconds(request.now, ttlSeconds),
  });
  token.addGrant(
    request.mode === 'chat'
      ? new AccessToken.ChatGrant({ serviceSid: config.conversationsServiceSid })
      : new AccessToken.VideoGrant({ room: request.uniqueName }),
  );
  return token.toJwt();
}

const keys = new Map<string, KeyObject>();

/**
 * The secret as the signing library wants it in the end: given a text it tries a private key first, fails, and that costs
 * more than signing. The SDK hands on what it gets.
 */
function keyOf(secret: string): string {
  let key = keys.get(secret);
  if (key === undefined) keys.set(secret, (key = createSecretKey(secret, 'utf8')));
  return key as unknown as string;
}

/** The SDK counts from its own clock, and takes 0 for an hour. */
function sdkTtlSeconds(now: Date, ttlSeconds: number): number {
  const expiresAtSeconds = Math.floor(now.getTime() / 1000) + Math.floor(ttlSeconds);
  return expiresAtSeconds - Math.floor(Date.now() / 1000) || -1;
}
