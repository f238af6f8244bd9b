import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BOOKED, END, makePolicy, makeRecord, MINUTE, PAY_BY, START, T15, T5 } from '../tests/support/records.js';
import { deadlinesOf, spreadRoomAt, spreadWakeAt, wakeShare } from './deadlines.js';

const booked = (createdAt: number) => deadlinesOf(makeRecord({ createdAt }));

test('the deadlines of a booking made the day before', () => {
  expect(booked(BOOKED)).toEqual({
    payBy: PAY_BY,
    remindAt: T15,
    opensAt: T5,
    activateBy: START + 10 * MINUTE,
    absentAt: START + 15 * MINUTE,
    endsAt: END,
  });
});

test.each([
  ['31 minutes before the start: half an hour', 31, START - MINUTE],
  ['30 minutes before: until the start', 30, START],
  ['29 minutes before: until the start, not beyond', 29, START],
  ['3 minutes before: until the start', 3, START],
])('the payment window of a booking made %s', (_, minutesBefore, payBy) => {
  expect(booked(START - minutesBefore * MINUTE).payBy).toBe(payBy);
});

test('every policy minute lasts minuteMs', () => {
  const policy = makePolicy({ minuteMs: 500 });
  expect(deadlinesOf({ createdAt: START - 60_000, startsAt: START, durationMinutes: 60, policy })).toEqual({
    payBy: START - 45_000,
    remindAt: START - 7_500,
    opensAt: START - 2_500,
    activateBy: START + 5_000,
    absentAt: START + 7_500,
    endsAt: START + 30_000,
  });
});

test('a share is fixed by the id, and lies in [0, 1)', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      const share = wakeShare(id);
      expect(share).toBe(wakeShare(id));
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThan(1);
    }),
  );
});

test('the shares of a thousand ids are spread evenly over ten tenths', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let n = 0; n < 1_000; n += 1) {
    const id = createHash('sha256').update(String(n)).digest('hex').slice(0, 32); // as random as a uuid, and the same each run
    const tenth = Math.floor(wakeShare(id) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  for (const count of tenths) expect(count).toBeGreaterThan(50);
});

test('a wake-up is early by at most the spread, never late', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 0, max: 300_000 }), (id, wakeSpreadMs) => {
      const wakeAt = spreadWakeAt({ id, policy: makePolicy({ wakeSpreadMs }) }, T5);
      expect(wakeAt).toBeLessThanOrEqual(T5);
      expect(wakeAt).toBeGreaterThanOrEqual(T5 - wakeSpreadMs);
    }),
  );
});

test('a room is made with its wake-up’s share, of five policy minutes at most', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 0, max: 3_600_000 }), (id, wakeSpreadMs) => {
      const roomAt = spreadRoomAt({ id, policy: makePolicy({ wakeSpreadMs }) }, T5);
      const wanted = spreadWakeAt({ id, policy: makePolicy({ wakeSpreadMs: Math.min(wakeSpreadMs, 300_000) }) }, T5);
      expect(roomAt).toBe(wanted);
    }),
  );
});
