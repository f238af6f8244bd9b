import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, startBench } from './test-sandbox.js';
import type { RoomEvent, RoomMode } from './types.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

const rooms = () => bench.providers.rooms;
const people = () => bench.sandbox.control.rooms;
const callback = () => `${bench.inbox.url}/webhooks/twilio/video?a=1&b=2`;
const ensure = (mode: RoomMode, uniqueName: string = `m-${randomUUID()}`) =>
  rooms().ensureRoom({ uniqueName, mode, statusCallback: callback() });

/** The next callback about this room, of this type. */
async function eventOf(roomSid: string, type: RoomEvent['type']): Promise<RoomEvent> {
  for (;;) {
    const { url, headers, body } = await bench.inbox.next();
    const form = Object.fromEntries(new URLSearchParams(body));
    const event = rooms().parseWebhook(`${bench.inbox.url}${url}`, form, headers.get('x-twilio-signature'));
    if (event.type === type && 'roomSid' in event && event.roomSid === roomSid) return event;
  }
}

test.each(['video', 'audio'] as const)('%s: made once, adopted again, remade when it ended', async (mode) => {
  const uniqueName = `m-${randomUUID()}`;
  const first = await ensure(mode, uniqueName);
  expect(first).toEqual({ sid: expect.stringMatching(/^RM/), mode });
  expect(await ensure(mode, uniqueName)).toEqual(first);
  expect(await rooms().isAlive(first)).toBe(true);

  await rooms().closeRoom(first);
  await rooms().closeRoom(first);
  expect(await rooms().isAlive(first)).toBe(false);
  const second = await ensure(mode, uniqueName);
  expect(second.sid).not.toBe(first.sid);
});

test('twenty at once make one room', async () => {
  const uniqueName = `m-${randomUUID()}`;
  const all = await Promise.all(Array.from({ length: 20 }, () => ensure('video', uniqueName)));
  expect(new Set(all.map(({ sid }) => sid)).size).toBe(1);
});

test('a token opens its room and no other', async () => {
  const uniqueName = `m-${randomUUID()}`;
  const room = await ensure('video', uniqueName);
  const other = await ensure('video');
  const token = rooms().signToken({
    identity: 'client:1:a',
    mode: 'video',
    uniqueName,
    ttlSeconds: 600,
    now: new Date(),
  });
  await expect(people().connect(other.sid, { token })).rejects.toThrow();
  const { participantSid } = await people().connect(room.sid, { token });
  expect(await eventOf(room.sid, 'participant_connected')).toMatchObject({
    participantSid,
    identity: 'client:1:a',
    uniqueName,
  });
});

test('connections with their times; a dropped one is told, and dropping again is success', async () => {
  const room = await ensure('video');
  const stays = await people().connect(room.sid, { identity: 'therapist:1:a' });
  const leaves = await people().connect(room.sid, { identity: 'client:1:a' });
  await rooms().dropConnection(room, leaves.participantSid);
  await rooms().dropConnection(room, leaves.participantSid);
  await rooms().dropConnection(room, 'PA00000000000000000000000000000000');

  const gone = await eventOf(room.sid, 'participant_disconnected');
  expect(gone).toMatchObject({ participantSid: leaves.participantSid, identity: 'client:1:a' });
  const connections = await rooms().readConnections(room);
  expect(connections).toHaveLength(2);
  expect(connections.find((one) => one.participantSid === stays.participantSid)?.disconnectedAt).toBeNull();
  const ended = connections.find((one) => one.participantSid === leaves.participantSid);
  expect(ended?.disconnectedAt?.getTime()).toBeGreaterThanOrEqual(ended?.connectedAt.getTime() ?? Infinity);
});

test('more connections than one page are all read, also after the end', async () => {
  const room = await ensure('audio');
  for (let count = 0; count < 120; count += 1) await people().connect(room.sid, { identity: 'client:1:a' });
  expect(await rooms().readConnections(room)).toHaveLength(120);
  await rooms().closeRoom(room);
  const after = await rooms().readConnections(room);
  expect(after).toHaveLength(120);
  expect(after.every((one) => one.disconnectedAt !== null)).toBe(true);
});

test('chat: made, adopted, filled, closed; a closed one is not opened again', async () => {
  const uniqueName = `m-${randomUUID()}`;
  const chat = await ensure('chat', uniqueName);
  expect(chat.sid).toMatch(/^CH/);
  expect(await ensure('chat', uniqueName)).toEqual(chat);
  await rooms().addToChat(chat, 'client:1');
  await rooms().addToChat(chat, 'client:1');
  expect(await rooms().isAlive(chat)).toBe(true);
  await rooms().closeRoom(chat);
  await rooms().closeRoom(chat);
  expect(await rooms().isAlive(chat)).toBe(false);
  await expect(ensure('chat', uniqueName)).rejects.toMatchObject({ code: 'conversation_closed', retryable: false });
});

test('a lost answer to a creation is met again', async () => {
  const uniqueName = `m-${randomUUID()}`;
  bench.sandbox.control.addFault({ provider: 'twilio', path: '/Rooms', method: 'POST', kind: 'reset_after', times: 1 });
  await expect(ensure('video', uniqueName)).rejects.toMatchObject({ code: 'connection_failed', retryable: true });
  const room = await ensure('video', uniqueName);
  expect(
    people()
      .list()
      .filter((one) => one.uniqueName === uniqueName)
      .map(({ sid }) => sid),
  ).toEqual([room.sid]);
});
