import { describe, expect, test } from 'vitest';
import { closedUntil, openTimes, type DayHours, type LocalHours, type WeeklyHours } from './hours.js';

const at = (text: string): number => Date.parse(text);
const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString().replace(':00.000Z', 'Z');

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

function hoursIn(timeZone: string, weeklyHours: WeeklyHours | null, exceptions: LocalHours['exceptions'] = {}) {
  return { timeZone, weeklyHours, exceptions };
}

function isOpen(hours: LocalHours, startsAt: number, endsAt: number): boolean {
  return closedUntil(openTimes(hours, startsAt, endsAt), startsAt, endsAt) === null;
}

/** The open stretches that begin on a local date, as instants. */
function opened(timeZone: string, date: string, day: DayHours): string[] {
  const noon = at(`${date}T12:00Z`);
  const { stretches } = openTimes(hoursIn(timeZone, {}, { [date]: day }), noon - 24 * HOUR, noon + 24 * HOUR);
  return stretches.map(({ from, to }) => `${iso(from)} ${iso(to)}`);
}

test('no hours at all means always open; no hours on a day means closed', () => {
  const [from, to] = [at('2027-01-10T00:00Z'), at('2027-01-12T23:00Z')];
  expect(isOpen(hoursIn('Asia/Kolkata', null), from, to)).toBe(true);
  expect(isOpen(hoursIn('UTC', {}), at('2027-01-11T10:00Z'), at('2027-01-11T11:00Z'))).toBe(false);
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
  expect(isOpen(hoursIn('UTC', OFFICE), at(start), at(start) + minutes * 60_000)).toBe(expected);
});

test('a session that ends a millisecond after closing is outside', () => {
  const hours = hoursIn('UTC', OFFICE);
  expect(isOpen(hours, at('2027-01-11T12:00Z'), at('2027-01-11T13:00:00Z'))).toBe(true);
  expect(isOpen(hours, at('2027-01-11T12:00Z'), at('2027-01-11T13:00:00.001Z'))).toBe(false);
});

test('hours are the therapist’s own: nine o’clock in Kolkata is half past three in UTC', () => {
  const india = hoursIn('Asia/Kolkata', OFFICE);
  expect(isOpen(india, at('2027-01-11T03:30Z'), at('2027-01-11T04:30Z'))).toBe(true);
  expect(isOpen(india, at('2027-01-11T03:29Z'), at('2027-01-11T04:29Z'))).toBe(false);
  // Sunday evening in UTC is Monday morning in Auckland.
  expect(isOpen(hoursIn('Pacific/Auckland', OFFICE), at('2027-01-10T20:00Z'), at('2027-01-10T21:00Z'))).toBe(true);
});

describe('exceptions', () => {
  const monday = (day: DayHours) => hoursIn('Asia/Kolkata', OFFICE, { '2027-01-11': day });
  test.each<[string, DayHours, string, boolean]>([
    ['a day off is off', [], '2027-01-11T03:30Z', false],
    ['the day after it is not', [], '2027-01-12T03:30Z', true],
    ['other hours stand for the weekday’s', [['20:00', '21:00']], '2027-01-11T14:30Z', true],
    ['which are off then', [['20:00', '21:00']], '2027-01-11T03:30Z', false],
  ])('%s', (_, day, start, expected) => {
    expect(isOpen(monday(day), at(start), at(start) + HOUR)).toBe(expected);
  });

  test('take days from those who are always open, by their own calendar', () => {
    const hours = hoursIn('Asia/Kolkata', null, { '2027-01-11': [] });
    expect(closedUntil(openTimes(hours, 0, 0), 0, 0)).toBe(null);
    const from = at('2027-01-10T18:30Z');
    expect(isOpen(hours, from - HOUR, from)).toBe(true);
    expect(isOpen(hours, from - HOUR, from + 1)).toBe(false);
    expect(isOpen(hours, from + 24 * HOUR, from + 25 * HOUR)).toBe(true);
    expect(isOpen(hours, from + 24 * HOUR - 1, from + 25 * HOUR)).toBe(false);
  });
});

describe('midnight', () => {
  const late: WeeklyHours = { '1': [['20:00', '24:00']], '2': [['00:00', '02:00']] };
  test.each<[string, string, number, boolean]>([
    ['a session that ends at 24:00', '2027-01-11T23:00Z', 1, true],
    ['one that begins at 00:00', '2027-01-12T00:00Z', 1, true],
    ['one across it', '2027-01-11T23:30Z', 1, true],
    ['one of all the hours', '2027-01-11T20:00Z', 6, true],
    ['one that is longer than them', '2027-01-11T20:00Z', 6.1, false],
    ['one from Tuesday to Wednesday', '2027-01-12T23:30Z', 1, false],
  ])('%s', (_, start, hours, expected) => {
    expect(isOpen(hoursIn('UTC', late), at(start), at(start) + hours * HOUR)).toBe(expected);
  });

  test('from Sunday to Monday as well, in a zone where UTC’s date is another', () => {
    const hours = hoursIn('Pacific/Auckland', { '7': [['22:00', '24:00']], '1': [['00:00', '01:00']] });
    const midnight = at('2027-01-10T11:00Z');
    expect(isOpen(hours, midnight - 2 * HOUR, midnight + HOUR)).toBe(true);
    expect(isOpen(hours, midnight - 2 * HOUR, midnight + HOUR + 1)).toBe(false);
  });

  test('hours that do not go on at 00:00 end at 24:00, and a day off cuts a night in two', () => {
    const [start, end] = [at('2027-01-11T23:30Z'), at('2027-01-12T00:30Z')];
    expect(isOpen(hoursIn('UTC', { ...late, '2': [['00:01', '02:00']] }), start, end)).toBe(false);
    expect(isOpen(hoursIn('UTC', late, { '2027-01-12': [] }), start, end)).toBe(false);
  });

  test('ranges that touch are one', () => {
    const hours = hoursIn('UTC', {
      '1': [
        ['12:00', '14:00'],
        ['09:00', '12:00'],
      ],
    });
    expect(isOpen(hours, at('2027-01-11T11:30Z'), at('2027-01-11T12:30Z'))).toBe(true);
  });
});

describe('days that change their clocks', () => {
  test('nine o’clock stays nine o’clock before and after', () => {
    const nine = hoursIn('Europe/Berlin', { '6': [['09:00', '17:00']], '7': [['09:00', '17:00']] });
    expect(isOpen(nine, at('2027-03-27T08:00Z'), at('2027-03-27T09:00Z'))).toBe(true);
    expect(isOpen(nine, at('2027-03-28T07:00Z'), at('2027-03-28T08:00Z'))).toBe(true);
    expect(isOpen(nine, at('2027-03-28T06:59Z'), at('2027-03-28T07:59Z'))).toBe(false);
  });

  test.each<[zone: string, what: string, date: string, hours: DayHours, expected: string[]]>([
    [
      'Europe/Berlin',
      'across the gap: an hour less',
      '2027-03-28',
      [['00:30', '04:00']],
      ['2027-03-27T23:30Z 2027-03-28T02:00Z'],
    ],
    [
      'Europe/Berlin',
      'from a missing time: from an hour later',
      '2027-03-28',
      [['02:30', '05:00']],
      ['2027-03-28T01:30Z 2027-03-28T03:00Z'],
    ],
    [
      'Europe/Berlin',
      'to a missing time: to an hour later',
      '2027-03-28',
      [['01:00', '02:30']],
      ['2027-03-28T00:00Z 2027-03-28T01:30Z'],
    ],
    [
      'Europe/Berlin',
      'missing as a whole: an hour later',
      '2027-03-28',
      [['02:00', '02:45']],
      ['2027-03-28T01:00Z 2027-03-28T01:45Z'],
    ],
    ['Europe/Berlin', 'from missing to what is there: gone', '2027-03-28', [['02:30', '03:00']], []],
    [
      'Europe/Berlin',
      'shifted onto others: one',
      '2027-03-28',
      [
        ['02:00', '02:45'],
        ['03:15', '04:00'],
      ],
      ['2027-03-28T01:00Z 2027-03-28T02:00Z'],
    ],
    [
      'Europe/Berlin',
      'across the repetition: an hour more',
      '2027-10-31',
      [['00:30', '04:00']],
      ['2027-10-30T22:30Z 2027-10-31T03:00Z'],
    ],
    [
      'Europe/Berlin',
      'from a repeated time: from the first',
      '2027-10-31',
      [['02:30', '04:00']],
      ['2027-10-31T00:30Z 2027-10-31T03:00Z'],
    ],
    [
      'Europe/Berlin',
      'to a repeated time: to the first',
      '2027-10-31',
      [['01:00', '02:30']],
      ['2027-10-30T23:00Z 2027-10-31T00:30Z'],
    ],
    [
      'America/New_York',
      'the whole day of 23 hours',
      '2027-03-14',
      [['00:00', '24:00']],
      ['2027-03-14T05:00Z 2027-03-15T04:00Z'],
    ],
    [
      'America/New_York',
      'the whole day of 25 hours',
      '2027-11-07',
      [['00:00', '24:00']],
      ['2027-11-07T04:00Z 2027-11-08T05:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      'half an hour less',
      '2027-10-03',
      [['01:00', '04:00']],
      ['2027-10-02T14:30Z 2027-10-02T17:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      'half an hour more',
      '2027-04-04',
      [['01:00', '04:00']],
      ['2027-04-03T14:00Z 2027-04-03T17:30Z'],
    ],
    ['Asia/Kolkata', 'never anything', '2027-03-28', [['00:30', '04:00']], ['2027-03-27T19:00Z 2027-03-27T22:30Z']],
    [
      'America/Nuuk',
      'skipped before midnight: after it',
      '2025-03-29',
      [['23:15', '23:45']],
      ['2025-03-30T01:15Z 2025-03-30T01:45Z'],
    ],
    [
      'America/Sao_Paulo',
      'a day that began at one',
      '2018-11-04',
      [['00:00', '02:00']],
      ['2018-11-04T03:00Z 2018-11-04T04:00Z'],
    ],
    [
      'America/Sao_Paulo',
      'an evening with eleven twice',
      '2018-02-17',
      [['22:00', '24:00']],
      ['2018-02-18T00:00Z 2018-02-18T03:00Z'],
    ],
  ])('%s, %s', (zone, _, date, hours, expected) => {
    expect(opened(zone, date, hours)).toEqual(expected);
  });

  test.each([
    ['Europe/Berlin', '2027-10-31T00:45Z', '2027-10-31T01:00Z', '2027-10-31T02:00Z'],
    ['America/New_York', '2027-11-07T05:45Z', '2027-11-07T06:00Z', '2027-11-07T07:00Z'],
    ['Australia/Lord_Howe', '2027-04-03T14:45Z', '2027-04-03T15:00Z', '2027-04-03T15:30Z'],
  ])('%s: a repeated time begins a session once, which may last into its repetition', (zone, first, again, after) => {
    for (const weeklyHours of [null, { '7': [['00:00', '24:00']] as DayHours }]) {
      const times = openTimes(hoursIn(zone, weeklyHours), at(first), at(after) + HOUR);
      expect(closedUntil(times, at(first), at(after))).toBe(null);
      expect(closedUntil(times, at(again) - 1, at(after))).toBe(null);
      expect(closedUntil(times, at(again), at(after))).toBe(at(after));
      expect(closedUntil(times, at(after) - 1, at(after))).toBe(at(after));
      expect(closedUntil(times, at(after), at(after) + HOUR)).toBe(null);
    }
  });

  test('durations are elapsed: in autumn two hours from 01:30 end at 02:30, in spring one ends at 03:30', () => {
    const early = hoursIn('Europe/Berlin', { '7': [['00:30', '03:00']] });
    expect(isOpen(early, at('2027-10-30T23:30Z'), at('2027-10-31T01:30Z'))).toBe(true);
    expect(isOpen(early, at('2027-10-30T23:30Z'), at('2027-10-31T02:30Z'))).toBe(false);
    expect(isOpen(early, at('2027-03-28T00:00Z'), at('2027-03-28T01:00Z'))).toBe(true);
    expect(isOpen(early, at('2027-03-28T00:30Z'), at('2027-03-28T01:30Z'))).toBe(false);
  });
});

test('who is closed says until when', () => {
  const times = openTimes(hoursIn('UTC', OFFICE), at('2027-01-11T00:00Z'), at('2027-01-15T00:00Z'));
  const until = (start: string, minutes = 60) => closedUntil(times, at(start), at(start) + minutes * 60_000);
  expect(until('2027-01-11T08:00Z')).toBe(at('2027-01-11T09:00Z'));
  expect(until('2027-01-11T12:30Z')).toBe(at('2027-01-11T14:00Z'));
  expect(until('2027-01-11T17:30Z')).toBe(at('2027-01-12T09:00Z'));
  expect(closedUntil(openTimes(hoursIn('UTC', {}), 0, 0), 0, 0)).toBe(Infinity);
});
