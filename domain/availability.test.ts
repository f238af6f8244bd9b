import { describe, expect, test } from 'vitest';
import { availabilityOf, availabilityRefusal, earliestStart } from './availability.js';
import { defaultPolicy } from './policy.js';

const at = (text: string): number => Date.parse(text);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const hours = {
  timeZone: 'Europe/Berlin',
  weeklyHours: { '7': [['09:00', '17:00']] as [string, string][] },
  exceptions: {},
};
const withPolicy = (changes: object) => availabilityOf(hours, { ...defaultPolicy(MINUTE), ...changes });
const anHour = (start: string) => ({ startsAt: at(start), endsAt: at(start) + HOUR });

test('buffers and notice last as long as the policy’s minutes', () => {
  const changes = { bufferBeforeMinutes: 5, bufferMinutes: 10, minimumNoticeMinutes: 120 };
  expect(availabilityOf(hours, { ...defaultPolicy(500), ...changes })).toEqual({
    ...hours,
    bufferBeforeMs: 2_500,
    bufferAfterMs: 5_000,
    noticeMs: 60_000,
  });
});

describe('the minimum notice', () => {
  // The clocks go forward between: 24 hours before Sunday 10:00 it was Saturday 09:00.
  const sunday = anHour('2027-03-28T08:00Z');
  const day = withPolicy({ minimumNoticeMinutes: 24 * 60 });

  test('is elapsed time, and kept on the dot', () => {
    const latest = sunday.startsAt - 24 * HOUR;
    expect(availabilityRefusal(day, sunday, latest)).toBe(null);
    expect(availabilityRefusal(day, sunday, latest + 1)).toBe('too_late');
    expect(earliestStart(day, latest)).toBe(sunday.startsAt);
  });

  test('of none leaves what has not begun', () => {
    const none = withPolicy({});
    expect(availabilityRefusal(none, sunday, sunday.startsAt - 1)).toBe(null);
    expect(availabilityRefusal(none, sunday, sunday.startsAt)).toBe('too_late');
  });

  test('is said before the hours are', () => {
    const monday = anHour('2027-03-29T08:00Z');
    expect(availabilityRefusal(day, monday, monday.startsAt - 24 * HOUR)).toBe('outside_hours');
    expect(availabilityRefusal(day, monday, monday.startsAt)).toBe('too_late');
  });
});
