import { afterAll, beforeAll, expect, test } from 'vitest';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';
import { rebase } from './twilio-client.js';
import { TwilioRooms } from './twilio-rooms.js';
import { TwilioSms } from './twilio-sms.js';

let server: LocalServer;
let answer: { status: number; body: string };
let calls = 0;

beforeAll(async () => {
  server = await startLocalServer((_request, response) => {
    calls += 1;
    if (answer.status === 0) return void response.socket?.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body);
  });
});
afterAll(() => server.close());

const refused = (status: number, code: number) => ({
  status,
  body: JSON.stringify({ code, message: 'To number +15005550001 is not', status, more_info: '' }),
});
const message = { to: '+15005550001', body: 'Hello', mark: 'Hello', lookForEarlierSince: null };

test.each([
  ['no such number', refused(400, 21211), '21211', false],
  ['opted out', refused(400, 21610), '21610', false],
  ['no mobile', refused(400, 21614), '21614', false],
  ['a bad key', refused(401, 20003), '20003', false],
  ['too many', refused(429, 20429), '20429', true],
  ['an outage', refused(503, 20503), '20503', true],
  ['a page of a proxy', { status: 502, body: '<html>' }, 'http_502', true],
  ['a problem document', { status: 500, body: '{"type":"x","title":"y","status":500,"code":20500}' }, '20500', true],
  ['a page with 200', { status: 200, body: '<html>' }, 'response_unreadable', true],
  ['a cut connection', { status: 0, body: '' }, 'connection_failed', true],
])('%s', async (_name, given, code, retryable) => {
  answer = given;
  const sms = new TwilioSms(configFor(server.url).twilio);
  const error: unknown = await sms.sendSms(message).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'ProviderError', provider: 'twilio', code, retryable });
  expect((error as Error).message).not.toContain('+1500');
});

test('an SMS that may have been sent is not sent again by itself', async () => {
  for (const given of [refused(500, 20500), { status: 0, body: '' }]) {
    answer = given;
    calls = 0;
    await expect(new TwilioSms(configFor(server.url).twilio).sendSms(message)).rejects.toMatchObject({
      retryable: true,
    });
    expect(calls).toBe(1);
  }
});

test('a room type that the account lacks is final', async () => {
  answer = refused(400, 53126);
  const rooms = new TwilioRooms(configFor(server.url).twilio);
  const request = { uniqueName: 'meeting-1', mode: 'video', statusCallback: 'https://api.example.com/' } as const;
  await expect(rooms.ensureRoom(request)).rejects.toMatchObject({ code: '53126', retryable: false });
});

test('a conversation changed by somebody else is tried four times', async () => {
  answer = refused(409, 50391);
  calls = 0;
  const rooms = new TwilioRooms(configFor(server.url).twilio);
  const request = { uniqueName: 'meeting-1', mode: 'chat', statusCallback: '' } as const;
  await expect(rooms.ensureRoom(request)).rejects.toMatchObject({ code: '50391', retryable: true });
  expect(calls).toBe(4);
});

test.each([
  ['https://video.twilio.com/v1/Rooms?Page=1', 'http://127.0.0.1:1/twilio/video/v1/Rooms?Page=1'],
  ['https://api.twilio.com/2010-04-01/Accounts', 'http://127.0.0.1:1/twilio/api/2010-04-01/Accounts'],
  ['https://video.dublin.ie1.twilio.com/v1/Rooms', 'http://127.0.0.1:1/twilio/video/v1/Rooms'],
  ['https://video.twilio.com.example.com/v1', 'https://video.twilio.com.example.com/v1'],
  ['http://127.0.0.1:1/twilio/video/v1/Rooms', 'http://127.0.0.1:1/twilio/video/v1/Rooms'],
])('%s is found at the base', (uri, rebased) => {
  expect(rebase(uri, 'http://127.0.0.1:1/twilio')).toBe(rebased);
  expect(rebase(uri, null)).toBe(uri);
});
