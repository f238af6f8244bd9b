import { describe, expect, test } from 'vitest';
import { dateOf, DAY_MS, instantOf, offsetAt, offsetSpans, repeatedStretches, weekdayOf } from './local-time.js';

const at = (text: string): number => Date.parse(text);
const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const around = (zone: string, local: string) =>
  offsetSpans(zone, at(`${local}Z`) - 2 * DAY_MS, at(`${local}Z`) + 2 * DAY_MS);

test.each([
  ['UTC', '2027-07-01T00:00Z', 0],
  ['Asia/Kolkata', '2027-07-01T00:00Z', 5.5],
  ['Asia/Kathmandu', '2027-07-01T00:00Z', 5.75],
  ['America/New_York', '2027-07-01T00:00Z', -4],
  ['America/New_York', '2027-12-01T00:00Z', -5],
  ['Australia/Lord_Howe', '2027-07-01T00:00Z', 10.5],
  ['Australia/Lord_Howe', '2027-12-01T00:00Z', 11],
  ['Pacific/Kiritimati', '2027-07-01T00:00Z', 14],
])('%s at %s is %d hours ahead of UTC', (zone, instant, hours) => {
  expect(offsetAt(zone, at(instant))).toBe(hours * HOUR);
});

test('offsets of seconds are read too, and a zone that nobody knows is an error', () => {
  expect(offsetAt('Africa/Monrovia', at('1960-01-01T00:00Z'))).toBe(-(44 * 60 + 30) * 1_000);
  expect(() => offsetAt('Europe/Atlantis', 0)).toThrow(RangeError);
});

test.each([
  ['Europe/Berlin', '2027-03-28T01:00:00Z', '2027-10-31T01:00:00Z'],
  ['America/New_York', '2027-03-14T07:00:00Z', '2027-11-07T06:00:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00:00Z', '2027-10-02T15:30:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z', '2018-11-04T03:00:00Z'],
  ['Africa/Casablanca', '2023-03-19T02:00:00Z', '2023-04-23T02:00:00Z'],
])('%s changes its clocks at %s and at %s, to the second', (zone, ...changes) => {
  const year = at(`${changes[0].slice(0, 4)}-01-01T00:00Z`);
  const spans = offsetSpans(zone, year, year + 365 * DAY_MS);
  expect(spans.slice(1).map(({ from }) => iso(from))).toEqual(changes);
  expect(spans.slice(0, -1).map(({ to }) => iso(to))).toEqual(changes);
  for (const { from, to, offsetMs } of spans) {
    for (const instant of [from, to - 1_000]) expect(offsetAt(zone, instant)).toBe(offsetMs);
  }
});

test('a zone without changes is one span', () => {
  expect(offsetSpans('Asia/Kolkata', 0, 365 * DAY_MS)).toHaveLength(1);
});

describe('an instant of a local time', () => {
  test.each([
    ['Europe/Berlin', 'the day before', '2027-03-27T02:30', '2027-03-27T01:30:00Z'],
    ['Europe/Berlin', 'the last that is there', '2027-03-28T01:59', '2027-03-28T00:59:00Z'],
    ['Europe/Berlin', 'missing: an hour later', '2027-03-28T02:00', '2027-03-28T01:00:00Z'],
    ['Europe/Berlin', 'missing: an hour later', '2027-03-28T02:30', '2027-03-28T01:30:00Z'],
    ['Europe/Berlin', 'the first after the gap', '2027-03-28T03:00', '2027-03-28T01:00:00Z'],
    ['Europe/Berlin', 'repeated: the first', '2027-10-31T02:00', '2027-10-31T00:00:00Z'],
    ['Europe/Berlin', 'repeated: the first', '2027-10-31T02:59', '2027-10-31T00:59:00Z'],
    ['Europe/Berlin', 'after the repetition', '2027-10-31T03:00', '2027-10-31T02:00:00Z'],
    ['America/New_York', 'missing', '2027-03-14T02:30', '2027-03-14T07:30:00Z'],
    ['America/New_York', 'repeated', '2027-11-07T01:30', '2027-11-07T05:30:00Z'],
    ['America/New_York', 'after the repetition', '2027-11-07T02:00', '2027-11-07T07:00:00Z'],
    ['Australia/Lord_Howe', 'missing: half an hour later', '2027-10-03T02:15', '2027-10-02T15:45:00Z'],
    ['Australia/Lord_Howe', 'after the gap', '2027-10-03T02:30', '2027-10-02T15:30:00Z'],
    ['Australia/Lord_Howe', 'repeated: the first', '2027-04-04T01:45', '2027-04-03T14:45:00Z'],
    ['Australia/Lord_Howe', 'after the repetition', '2027-04-04T02:00', '2027-04-03T15:30:00Z'],
    ['Asia/Kolkata', 'always there', '2027-03-28T02:30', '2027-03-27T21:00:00Z'],
    ['America/Sao_Paulo', 'a midnight that was missing', '2018-11-04T00:00', '2018-11-04T03:00:00Z'],
    ['America/Sao_Paulo', 'missing after midnight', '2018-11-04T00:30', '2018-11-04T03:30:00Z'],
    ['America/Sao_Paulo', 'repeated before midnight: the first', '2018-02-17T23:30', '2018-02-18T01:30:00Z'],
    ['America/Sao_Paulo', 'the midnight after it', '2018-02-18T00:00', '2018-02-18T03:00:00Z'],
    ['America/Sao_Paulo', 'since there are no changes', '2027-11-07T00:00', '2027-11-07T03:00:00Z'],
  ])('in %s, %s: %s', (zone, _, local, expected) => {
    expect(iso(instantOf(at(`${local}Z`), around(zone, local)))).toBe(expected);
  });
});

test.each([
  ['Europe/Berlin', '2027-10-31T00:00', ['2027-10-31T01:00:00Z', '2027-10-31T02:00:00Z']],
  ['America/New_York', '2027-11-07T00:00', ['2027-11-07T06:00:00Z', '2027-11-07T07:00:00Z']],
  ['Australia/Lord_Howe', '2027-04-04T00:00', ['2027-04-03T15:00:00Z', '2027-04-03T15:30:00Z']],
  ['America/Sao_Paulo', '2018-02-18T00:00', ['2018-02-18T02:00:00Z', '2018-02-18T03:00:00Z']],
  ['Europe/Berlin', '2027-03-28T00:00', []],
  ['Asia/Kolkata', '2027-10-31T00:00', []],
])('%s around %s repeats the local times of %j', (zone, local, expected) => {
  const repeated = repeatedStretches(around(zone, local));
  expect(repeated.flatMap(({ from, to }) => [iso(from), iso(to)])).toEqual(expected);
});

test('days have dates and weekdays, before 1970 too', () => {
  for (let day = -800; day < 40_000; day += 7 * 31 + 1) {
    const date = new Date(day * DAY_MS);
    expect(dateOf(day)).toBe(date.toISOString().slice(0, 10));
    expect(weekdayOf(day)).toBe(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
  }
  expect(dateOf(at('2028-02-29T00:00Z') / DAY_MS)).toBe('2028-02-29');
});
