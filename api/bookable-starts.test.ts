import { describe, expect, test } from 'vitest';
import { defaultPolicy } from '../domain/policy.js';
import { bookableStarts } from './bookable-starts.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MONDAY = Date.UTC(2027, 0, 11);
const therapist = { policy: defaultPolicy(MINUTE), weeklyHours: null, timeZone: 'UTC' };
const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
const starts = (changes: object = {}, search: object = {}) =>
  bookableStarts(
    { ...therapist, ...changes },
    { from: MONDAY + 9 * HOUR, to: MONDAY + 12 * HOUR, durationMinutes: 60, taken: [], limit: 100, ...search },
  ).map(clock);

describe('bookable starts', () => {
  test('are the quarters of an hour from `from` on, short of `to`', () => {
    expect(starts({}, { from: MONDAY + 9 * HOUR + 1, to: MONDAY + 10 * HOUR + 1 })).toEqual([
      '09:15',
      '09:30',
      '09:45',
      '10:00',
    ]);
    expect(starts({}, { limit: 2 })).toEqual(['09:00', '09:15']);
  });

  test('keep clear of taken slots, the buffer after each session included', () => {
    // 10:30 to 11:30 and its ten minutes: a session of an hour and its buffer must end by 10:30.
    expect(starts({}, { taken: [{ from: MONDAY + 10.5 * HOUR, to: MONDAY + 11.5 * HOUR + 10 * MINUTE }] })).toEqual([
      '09:00',
      '09:15',
      '11:45',
    ]);
  });

  test('lie within the therapist’s local hours', () => {
    const weeklyHours = { '1': [['10:00', '11:30']] as [string, string][] };
    expect(starts({ weeklyHours })).toEqual(['10:00', '10:15', '10:30']);
    expect(starts({ weeklyHours, timeZone: 'Asia/Kolkata' }, { from: MONDAY, to: MONDAY + 12 * HOUR })).toEqual([
      '04:30',
      '04:45',
      '05:00',
    ]);
    expect(starts({ weeklyHours: {} })).toEqual([]);
  });

  test('of a therapist whose minutes are short come as often as those', () => {
    const found = bookableStarts(
      { ...therapist, policy: defaultPolicy(500) },
      { from: MONDAY, to: MONDAY + MINUTE, durationMinutes: 60, taken: [], limit: 100 },
    );
    expect(found.map((start) => start - MONDAY)).toEqual([0, 7_500, 15_000, 22_500, 30_000, 37_500, 45_000, 52_500]);
  });

  test('are found in a month of short minutes outside the hours without trying each', () => {
    const short = { policy: defaultPolicy(10), weeklyHours: { '7': [['23:00', '24:00']] as [string, string][] } };
    const startedAt = performance.now();
    const [first] = bookableStarts(
      { ...therapist, ...short },
      { from: MONDAY, to: MONDAY + 31 * 24 * HOUR, durationMinutes: 60, taken: [], limit: 1 },
    );
    expect(first).toBe(MONDAY + 6 * 24 * HOUR + 23 * HOUR);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
