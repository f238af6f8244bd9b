import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';
import { TwilioRooms } from './twilio-rooms.js';

type Answer = [status: number, body: Record<string, unknown>];
let answers: Answer[] = [];
const seen: string[] = [];
let server: LocalServer;
let rooms: TwilioRooms;

beforeAll(async () => {
  server = await startLocalServer((request, response, body) => {
    seen.push(`${request.method} ${request.url?.replace(/^.*\/Conversations/, '')} ${body}`.trim());
    const [status, answer] = answers.shift() ?? [599, { code: 1 }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  rooms = new TwilioRooms(configFor(server.url).twilio);
});
afterAll(() => server.close());
beforeEach(() => {
  seen.length = 0;
});

const refused = (status: number, code: number): Answer => [status, { code, message: 'no', status }];
const conversation = (state: string): Answer => [200, { sid: 'CH1', state }];
const ensure = () => rooms.ensureRoom({ uniqueName: 'm-1', mode: 'chat', statusCallback: '' });
const chat = { sid: 'CH1', mode: 'chat' } as const;

test('a conversation that exists is adopted, also after a busy moment', async () => {
  answers = [refused(409, 50391), refused(409, 50353), conversation('active')];
  expect(await ensure()).toEqual(chat);
  expect(seen).toEqual(['POST  UniqueName=m-1', 'POST  UniqueName=m-1', 'GET /m-1']);
});

test('one that was deleted in between is made anew; a closed one is final', async () => {
  answers = [refused(409, 50353), refused(404, 20404), conversation('active')];
  expect(await ensure()).toEqual(chat);
  answers = [refused(409, 50353), conversation('closed')];
  await expect(ensure()).rejects.toMatchObject({ code: 'conversation_closed', retryable: false });
});

test('closing sets the state, and one that is closed or gone is success', async () => {
  answers = [conversation('closed')];
  await rooms.closeRoom(chat);
  expect(seen).toEqual(['POST /CH1 State=closed']);
  answers = [refused(400, 50390), conversation('closed')];
  await rooms.closeRoom(chat);
  answers = [refused(404, 20404), refused(404, 20404)];
  await rooms.closeRoom(chat);
  answers = [refused(400, 50390), conversation('active')];
  await expect(rooms.closeRoom(chat)).rejects.toMatchObject({ code: '50390' });
});

test.each([
  ['active', true],
  ['inactive', true],
  ['closed', false],
])('%s is alive: %s', async (state, alive) => {
  answers = [conversation(state)];
  expect(await rooms.isAlive(chat)).toBe(alive);
});

test('who is in already is success; any other refusal is told', async () => {
  answers = [refused(409, 50433)];
  await rooms.addToChat(chat, 'client:1');
  expect(seen).toEqual(['POST /CH1/Participants Identity=client%3A1']);
  answers = [refused(403, 50403)];
  await expect(rooms.addToChat(chat, 'client:1')).rejects.toMatchObject({ code: '50403', retryable: false });
});

test('what is of video alone calls nobody', async () => {
  answers = [];
  expect(await rooms.readConnections(chat)).toEqual([]);
  await rooms.dropConnection(chat, 'PA1');
  await rooms.addToChat({ sid: 'RM1', mode: 'audio' }, 'client:1');
  expect(seen).toEqual([]);
});
