import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';
import { TwilioRooms } from './twilio-rooms.js';

/* The moments between two calls, which a sandbox can't be caught in: each answer is given in its turn. */
type Answer = [status: number, body: Record<string, unknown>];
let answers: Answer[] = [];
const seen: string[] = [];
let server: LocalServer;
let rooms: TwilioRooms;

beforeAll(async () => {
  server = await startLocalServer((request, response) => {
    seen.push(`${request.method} ${decodeURIComponent(request.url ?? '').replace(/^\/twilio\/video\/v1\/Rooms/, '')}`);
    const [status, body] = answers.shift() ?? [599, { code: 1 }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  rooms = new TwilioRooms(configFor(server.url).twilio);
});
afterAll(() => server.close());
beforeEach(() => {
  seen.length = 0;
});

const refused = (status: number, code: number): Answer => [status, { code, message: 'no', status }];
const exists = refused(400, 53113);
const notFound = refused(404, 20404);
const room = (sid: string, status = 'in-progress'): Answer => [200, { sid, status }];
const ensure = () => rooms.ensureRoom({ uniqueName: 'm-1', mode: 'video', statusCallback: 'https://api.example.com/' });

test('a room in progress is adopted', async () => {
  answers = [exists, room('RM1')];
  expect(await ensure()).toEqual({ sid: 'RM1', mode: 'video' });
  expect(seen).toEqual(['POST ', 'GET /m-1']);
});

test.each([
  ['is gone', notFound],
  ['is completed', room('RM1', 'completed')],
])('one that %s by the time it is fetched is made anew', async (_name, fetched) => {
  answers = [exists, fetched, room('RM2')];
  expect(await ensure()).toEqual({ sid: 'RM2', mode: 'video' });
  expect(seen).toEqual(['POST ', 'GET /m-1', 'POST ']);
});

test('a room that never settles is given up after three tries, and may be asked again', async () => {
  answers = [exists, notFound, exists, notFound, exists, notFound];
  await expect(ensure()).rejects.toMatchObject({ code: 'room_unsettled', retryable: true });
});

test.each([
  ['completed', refused(400, 53112)],
  ['forgotten', notFound],
])('closing a room that is already %s is success', async (_name, answer) => {
  answers = [answer];
  await rooms.closeRoom({ sid: 'RM1', mode: 'audio' });
  expect(seen).toEqual(['POST /RM1']);
});

test('any other refusal to close is told', async () => {
  answers = [refused(401, 20003)];
  await expect(rooms.closeRoom({ sid: 'RM1', mode: 'video' })).rejects.toMatchObject({ code: '20003' });
});

test('every page of every status is read, and one who left in between has left', async () => {
  const row = (sid: string, status: string, start: string, end: string | null) => ({
    sid,
    identity: `who-${sid}`,
    status,
    start_time: start,
    end_time: end,
    date_created: start,
    date_updated: end ?? start,
  });
  const page = (next: string | null, ...participants: object[]): Answer => [
    200,
    { participants, meta: { key: 'participants', next_page_url: next } },
  ];
  const second = 'https://video.twilio.com/v1/Rooms/RM1/Participants?Status=connected&Page=1&PageToken=t';
  answers = [
    page(second, row('PA1', 'connected', '2026-11-24T10:00:00Z', null)),
    page(null, row('PA2', 'connected', '2026-11-24T10:01:00Z', null)),
    page(null),
    page(
      null,
      row('PA0', 'disconnected', '2026-11-24T09:59:00Z', '2026-11-24T09:59:30Z'),
      row('PA2', 'disconnected', '2026-11-24T10:01:00Z', '2026-11-24T10:02:00Z'),
    ),
  ];

  const connections = await rooms.readConnections({ sid: 'RM1', mode: 'video' });

  expect(connections.map((one) => [one.participantSid, one.disconnectedAt?.toISOString() ?? null])).toEqual([
    ['PA0', '2026-11-24T09:59:30.000Z'],
    ['PA1', null],
    ['PA2', '2026-11-24T10:02:00.000Z'],
  ]);
  expect(connections[1]).toEqual({
    participantSid: 'PA1',
    identity: 'who-PA1',
    connectedAt: new Date('2026-11-24T10:00:00Z'),
    disconnectedAt: null,
  });
  expect(seen[1]).toBe('GET /RM1/Participants?Status=connected&Page=1&PageToken=t');
});

test.each([
  ['is gone', [notFound]],
  ['left the moment before', [refused(400, 53205), [200, { sid: 'PA1', status: 'disconnected' }]]],
  ['was in a room that ended', [refused(400, 53112)]],
] satisfies [string, Answer[]][])('dropping one who %s is success', async (_name, given) => {
  answers = [...given];
  await rooms.dropConnection({ sid: 'RM1', mode: 'video' }, 'PA1');
  expect(answers).toEqual([]);
});

test('a drop that did not happen is told', async () => {
  answers = [refused(400, 53205), [200, { sid: 'PA1', status: 'connected' }]];
  await expect(rooms.dropConnection({ sid: 'RM1', mode: 'video' }, 'PA1')).rejects.toMatchObject({ code: '53205' });
});
