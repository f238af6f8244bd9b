import { expect, test } from 'vitest';
import { Listener } from './listener.js';
import { placeText, readPlace } from './place.js';

const place = (n: number) => ({ snapshot: `${n}:${n}:`, at: n });

function open(mostWaiting: number) {
  const log: string[] = [];
  const listener = new Listener({
    reader: { id: 'someone', role: 'client', appointmentId: null },
    place: place(1),
    mostWaiting,
    disconnect: () => log.push('disconnected'),
    onGone: () => log.push('gone'),
  });
  return { listener, log };
}

async function read(stream: ReadableStream<Uint8Array>, count: number): Promise<string> {
  const reader = stream.getReader();
  let text = '';
  for (let n = 0; n < count; n += 1) text += new TextDecoder().decode((await reader.read()).value);
  reader.releaseLock();
  return text;
}

test('of events that belong together only the last one moves the place on', async () => {
  const { listener } = open(10);
  const told = ['a', 'b', 'c'].map((event) => ({ event, data: { event } }));
  listener.tell(told, place(2));
  const text = await read(listener.stream, 3);
  expect([...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id)).toEqual(['1:1:@1', '1:1:@1', '2:2:@2']);
});

test('a reader that does not read is cut off when its line is full, and holds no more', () => {
  const { listener, log } = open(3);
  const one = [{ event: 'a', data: {} }];
  for (let n = 2; n <= 4; n += 1) listener.tell(one, place(n));
  expect(log).toEqual([]);
  listener.tell(one, place(5));
  expect(log).toEqual(['gone', 'disconnected']);
  listener.tell(one, place(6));
  listener.beat(place(7));
  expect(log).toEqual(['gone', 'disconnected']);
});

test('what happens while the missed is read waits, within the same bound', async () => {
  const { listener, log } = open(3);
  listener.hold();
  listener.tell([{ event: 'later', data: {} }], place(3));
  const held = listener.release();
  listener.tell([{ event: 'missed', data: {} }], place(2));
  for (const one of held) listener.tell(one.told, one.place);
  expect(await read(listener.stream, 2)).toMatch(/missed[^]*later/);
  listener.hold();
  for (let n = 4; n < 8; n += 1) listener.tell([{ event: 'more', data: {} }], place(n));
  expect(log).toEqual(['gone', 'disconnected']);
});

test.each(['10:20:10,15@1700000000000', '748:748:@1'])('a place is read as it was given out: %s', (text) => {
  expect(placeText(readPlace(text)!)).toBe(text);
});

test.each([
  '',
  '10:20',
  '20:10:@1',
  '10:20:9@1',
  '10:20:20@1',
  '10:20:12,11@1',
  '0:1:@1',
  '10:20:@x',
  "1:1:';--@1",
  `${'9'.repeat(17)}:1:@1`,
])('what was never given out is no place: %s', (text) => {
  expect(readPlace(text)).toBeNull();
});

test('a place with many transactions under way names the oldest alone', () => {
  const named = Array.from({ length: 30 }, (_, n) => 10 + n);
  expect(placeText({ snapshot: `10:100:${named.join(',')}`, at: 5 })).toBe('10:10:@5');
});
