import { decodeJwt, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { configFor } from './test-support.js';
import { TwilioRooms } from './twilio-rooms.js';

const config = configFor('http://127.0.0.1:9').twilio;
const rooms = new TwilioRooms(config);
const request = {
  identity: 'client:1',
  mode: 'video',
  uniqueName: 'meeting-1',
  ttlSeconds: 600,
  now: new Date(),
} as const;

test.each(['video', 'audio'] as const)('%s: a grant for the one room, signed with the API key', async (mode) => {
  const token = rooms.signToken({ ...request, mode });
  const { payload } = await jwtVerify(token, new TextEncoder().encode(config.apiKeySecret));
  expect(payload).toMatchObject({
    iss: config.apiKeySid,
    sub: config.accountSid,
    grants: { identity: 'client:1', video: { room: 'meeting-1' } },
  });
});

test('chat: a grant for the service', () => {
  const { grants } = decodeJwt<{ grants: unknown }>(rooms.signToken({ ...request, mode: 'chat' }));
  expect(grants).toEqual({ identity: 'client:1', chat: { service_sid: config.conversationsServiceSid } });
});

test('it ends at now + ttl by the given clock, also when that differs from this machine', () => {
  for (const skewMs of [0, -90_000, 90_000, -600_000]) {
    const now = new Date(Date.now() + skewMs);
    const { exp } = decodeJwt(rooms.signToken({ ...request, now }));
    expect(Math.abs((exp ?? 0) - (Math.floor(now.getTime() / 1000) + 600))).toBeLessThanOrEqual(1);
  }
});

test('identities and lifetimes beyond the bounds are refused', () => {
  const refusal = expect.objectContaining({ code: 'token_refused', retryable: false });
  expect(rooms.signToken({ ...request, identity: 'i'.repeat(128), ttlSeconds: 86_400 })).toMatch(/^ey/);
  expect(() => rooms.signToken({ ...request, identity: 'i'.repeat(129) })).toThrow(refusal);
  expect(() => rooms.signToken({ ...request, identity: '' })).toThrow(refusal);
  expect(() => rooms.signToken({ ...request, ttlSeconds: 86_401 })).toThrow(refusal);
  expect(() => rooms.signToken({ ...request, ttlSeconds: 0 })).toThrow(refusal);
  expect(() => rooms.signToken({ ...request, ttlSeconds: Number.NaN })).toThrow(refusal);
});
