import { describe, expect, test } from 'vitest';
import { withinHours, type WeeklyHours } from './hours.js';

const at = (text: string): number => Date.parse(text);
const HOUR = 3_600_000;

/** Monday to Friday, nine to one and two to six. */
const OFFICE: WeeklyHours = Object.fromEntries(
  ['1', '2', '3', '4', '5'].map((day) => [
    day,
    [
      ['09:00', '13:00'],
      ['14:00', '18:00'],
    ],
  ]),
);

test('no hours at all means always open; no hours on a day means closed', () => {
  expect(withinHours(null, 'Asia/Kolkata', at('2027-01-10T00:00Z'), at('2027-01-10T23:00Z'))).toBe(true);
  expect(withinHours({}, 'UTC', at('2027-01-11T10:00Z'), at('2027-01-11T11:00Z'))).toBe(false);
});

test.each<[string, string, number, boolean]>([
  ['from the opening minute', '2027-01-11T09:00Z', 60, true],
  ['a minute before it', '2027-01-11T08:59Z', 60, false],
  ['to the closing minute', '2027-01-11T12:00Z', 60, true],
  ['a minute beyond it', '2027-01-11T12:01Z', 60, false],
  ['across the break', '2027-01-11T12:30Z', 120, false],
  ['after the break', '2027-01-11T14:00Z', 240, true],
  ['on a Friday', '2027-01-15T10:00Z', 60, true],
  ['on a Saturday', '2027-01-16T10:00Z', 60, false],
])('in UTC, %s', (_, start, minutes, expected) => {
  expect(withinHours(OFFICE, 'UTC', at(start), at(start) + minutes * 60_000)).toBe(expected);
});

test('a session that ends within the closing minute, but after it began, is outside', () => {
  expect(withinHours(OFFICE, 'UTC', at('2027-01-11T12:00Z'), at('2027-01-11T13:00:00Z'))).toBe(true);
  expect(withinHours(OFFICE, 'UTC', at('2027-01-11T12:00Z'), at('2027-01-11T13:00:00.001Z'))).toBe(false);
});

test('hours are the therapist’s own: nine o’clock in Kolkata is half past three in UTC', () => {
  expect(withinHours(OFFICE, 'Asia/Kolkata', at('2027-01-11T03:30Z'), at('2027-01-11T04:30Z'))).toBe(true);
  expect(withinHours(OFFICE, 'Asia/Kolkata', at('2027-01-11T03:29Z'), at('2027-01-11T04:29Z'))).toBe(false);
  // Sunday evening in UTC is Monday morning in Auckland.
  expect(withinHours(OFFICE, 'Pacific/Auckland', at('2027-01-10T20:00Z'), at('2027-01-10T21:00Z'))).toBe(true);
});

describe('midnight', () => {
  const late: WeeklyHours = { '1': [['20:00', '24:00']], '2': [['00:00', '02:00']] };
  test.each<[string, string, boolean]>([
    ['a session that ends at 24:00', '2027-01-11T23:00Z', true],
    ['one that begins at 00:00', '2027-01-12T00:00Z', true],
    ['one across it: each session lies within one stretch', '2027-01-11T23:30Z', false],
  ])('%s', (_, start, expected) => {
    expect(withinHours(late, 'UTC', at(start), at(start) + HOUR)).toBe(expected);
  });
});

describe('days that change their clocks', () => {
  const early: WeeklyHours = { '7': [['00:30', '03:00']] };
  const nine: WeeklyHours = { '6': [['09:00', '17:00']], '7': [['09:00', '17:00']] };

  test('nine o’clock stays nine o’clock before and after', () => {
    // Berlin goes to summer time on Sunday, 28 March 2027 at 01:00 UTC.
    expect(withinHours(nine, 'Europe/Berlin', at('2027-03-27T08:00Z'), at('2027-03-27T09:00Z'))).toBe(true);
    expect(withinHours(nine, 'Europe/Berlin', at('2027-03-28T07:00Z'), at('2027-03-28T08:00Z'))).toBe(true);
    expect(withinHours(nine, 'Europe/Berlin', at('2027-03-28T06:59Z'), at('2027-03-28T07:59Z'))).toBe(false);
  });

  test('in spring an hour from 01:30 ends at 03:30, which is outside', () => {
    expect(withinHours(early, 'Europe/Berlin', at('2027-03-28T00:30Z'), at('2027-03-28T01:30Z'))).toBe(false);
    expect(withinHours(early, 'Europe/Berlin', at('2027-03-28T00:00Z'), at('2027-03-28T01:00Z'))).toBe(true);
  });

  test('in autumn two hours from 01:30 end at 02:30, which is inside', () => {
    // Back to winter time on Sunday, 31 October 2027 at 01:00 UTC.
    expect(withinHours(early, 'Europe/Berlin', at('2027-10-30T23:30Z'), at('2027-10-31T01:30Z'))).toBe(true);
    expect(withinHours(early, 'Europe/Berlin', at('2027-10-30T23:30Z'), at('2027-10-31T02:30Z'))).toBe(false);
  });
});
