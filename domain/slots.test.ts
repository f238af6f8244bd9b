import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { availabilityOf, availabilityRefusal, type Availability } from './availability.js';
import type { DayHours, LocalHours, WeeklyHours } from './hours.js';
import { DAY_MS, offsetSpans, type Stretch } from './local-time.js';
import { defaultPolicy } from './policy.js';
import { bookableStarts, type SlotSearch } from './slots.js';

const at = (text: string): number => Date.parse(text);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEP = 15 * MINUTE;
const MONDAY = Date.UTC(2027, 0, 11);
const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);

const ALWAYS: LocalHours = { timeZone: 'UTC', weeklyHours: null, exceptions: {} };
const SEARCH: SlotSearch = {
  from: MONDAY + 9 * HOUR,
  to: MONDAY + 12 * HOUR,
  now: MONDAY,
  durationMinutes: 60,
  minuteMs: MINUTE,
  taken: [],
  limit: 100,
};

interface Changes {
  hours?: Partial<LocalHours>;
  policy?: Partial<ReturnType<typeof defaultPolicy>>;
  search?: Partial<SlotSearch>;
}

function found({ hours = {}, policy = {}, search = {} }: Changes = {}): number[] {
  const whole = { ...defaultPolicy(MINUTE), ...policy };
  return bookableStarts(availabilityOf({ ...ALWAYS, ...hours }, whole), {
    ...SEARCH,
    minuteMs: whole.minuteMs,
    ...search,
  });
}
const starts = (changes: Changes = {}) => found(changes).map(clock);

describe('bookable starts', () => {
  test('are the quarters of an hour from `from` on, short of `to`', () => {
    const search = { from: MONDAY + 9 * HOUR + 1, to: MONDAY + 10 * HOUR + 1 };
    expect(starts({ search })).toEqual(['09:15', '09:30', '09:45', '10:00']);
    expect(starts({ search: { limit: 2 } })).toEqual(['09:00', '09:15']);
  });

  test('keep clear of taken slots and of what each session keeps free', () => {
    // 10:30 to 11:30 and its ten minutes: a session of an hour and its buffer must end by 10:30.
    const search = { taken: [{ from: MONDAY + 10.5 * HOUR, to: MONDAY + 11.5 * HOUR + 10 * MINUTE }] };
    expect(starts({ search })).toEqual(['09:00', '09:15', '11:45']);
    expect(starts({ search, policy: { bufferMinutes: 0 } })).toEqual(['09:00', '09:15', '09:30', '11:45']);
    expect(starts({ search, policy: { bufferMinutes: 16 } })).toEqual(['09:00', '11:45']);
    expect(starts({ search, policy: { bufferBeforeMinutes: 5 } })).toEqual(['09:00', '09:15', '11:45']);
    expect(starts({ search, policy: { bufferBeforeMinutes: 6 } })).toEqual(['09:00', '09:15']);
  });

  test('begin after the notice, and never in the past', () => {
    const now = MONDAY + 9 * HOUR;
    expect(starts({ search: { now } })[0]).toBe('09:15');
    expect(starts({ search: { now: now - 1 } })[0]).toBe('09:00');
    expect(starts({ search: { now }, policy: { minimumNoticeMinutes: 90 } })[0]).toBe('10:30');
    expect(starts({ search: { now: now + 1 }, policy: { minimumNoticeMinutes: 90 } })[0]).toBe('10:45');
    expect(starts({ search: { now }, policy: { minimumNoticeMinutes: 24 * 60 } })).toEqual([]);
  });

  test('lie within the therapist’s local hours', () => {
    const weeklyHours: WeeklyHours = { '1': [['10:00', '11:30']] };
    expect(starts({ hours: { weeklyHours } })).toEqual(['10:00', '10:15', '10:30']);
    const search = { from: MONDAY + 1 };
    expect(starts({ hours: { weeklyHours, timeZone: 'Asia/Kolkata' }, search })).toEqual(['04:30', '04:45', '05:00']);
    expect(starts({ hours: { weeklyHours: {} } })).toEqual([]);
    expect(starts({ hours: { weeklyHours, exceptions: { '2027-01-11': [] } } })).toEqual([]);
    expect(starts({ hours: { exceptions: { '2027-01-11': [['09:10', '10:40']] } } })).toEqual(['09:15', '09:30']);
  });

  test('go through midnight', () => {
    const weeklyHours: WeeklyHours = { '1': [['22:30', '24:00']], '2': [['00:00', '01:00']] };
    const search = { to: MONDAY + 48 * HOUR };
    expect(starts({ hours: { weeklyHours }, search })).toEqual([
      '22:30',
      '22:45',
      '23:00',
      '23:15',
      '23:30',
      '23:45',
      '00:00',
    ]);
  });

  test('of a therapist whose minutes are short come as often as those', () => {
    const search = { from: MONDAY + 1, to: MONDAY + MINUTE };
    expect(found({ policy: { minuteMs: 500 }, search }).map((start) => start - MONDAY)).toEqual([
      7_500, 15_000, 22_500, 30_000, 37_500, 45_000, 52_500,
    ]);
  });

  test('are found in a month of short minutes outside the hours without trying each', () => {
    const search = { from: MONDAY, to: MONDAY + 31 * DAY_MS, limit: 1 };
    const startedAt = performance.now();
    const hours = { weeklyHours: { '7': [['23:00', '24:00']] as DayHours } };
    expect(found({ hours, policy: { minuteMs: 10 }, search })).toEqual([MONDAY + 6 * DAY_MS + 23 * HOUR]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

test.each<[zone: string, what: string, date: string, hours: DayHours, expected: string[]]>([
  ['Europe/Berlin', 'spring', '2027-03-28', [['01:00', '04:00']], ['00:00', '00:30', '01:00']],
  ['Europe/Berlin', 'autumn', '2027-10-31', [['01:30', '04:00']], ['23:30', '00:00', '00:30', '02:00']],
  ['America/New_York', 'spring', '2027-03-14', [['01:00', '04:00']], ['06:00', '06:30', '07:00']],
  ['America/New_York', 'autumn', '2027-11-07', [['00:30', '03:00']], ['04:30', '05:00', '05:30', '07:00']],
  ['Australia/Lord_Howe', 'spring', '2027-10-03', [['01:30', '04:00']], ['15:00', '15:30', '16:00']],
  ['Australia/Lord_Howe', 'autumn', '2027-04-04', [['01:00', '03:00']], ['14:00', '14:30', '15:30']],
  ['Asia/Kolkata', 'spring', '2027-03-28', [['01:00', '04:00']], ['19:30', '20:00', '20:30', '21:00', '21:30']],
  ['America/Sao_Paulo', 'spring', '2018-11-04', [['00:00', '02:30']], ['03:00', '03:30']],
  ['America/Sao_Paulo', 'autumn', '2018-02-17', [['22:30', '24:00']], ['00:30', '01:00', '01:30']],
])('an hour in %s on the day of the %s change (%s)', (timeZone, _, date, day, expected) => {
  const from = at(`${date}T00:00Z`) - DAY_MS;
  const hours = { timeZone, weeklyHours: {}, exceptions: { [date]: day } };
  const all = found({ hours, search: { from, to: from + 3 * DAY_MS, now: from - DAY_MS } });
  expect(all.filter((start) => start % (30 * MINUTE) === 0).map(clock)).toEqual(expected);
});

// ---- properties

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/Sao_Paulo',
  'America/Nuuk',
];
/** Days on which some of them change their clocks, and one on which none does. */
const DAYS = [
  '2027-03-28',
  '2027-10-31',
  '2027-03-14',
  '2027-11-07',
  '2027-04-04',
  '2027-10-03',
  '2018-02-18',
  '2018-11-04',
  '2025-03-30',
  '2027-06-15',
];

const hhmm = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Up to three ranges of a day, on every fifth minute, not overlapping. */
const dayHours = fc.uniqueArray(fc.integer({ min: 0, max: 288 }), { maxLength: 6 }).map((ends): DayHours => {
  const sorted = ends.toSorted((a, b) => a - b).map((end) => hhmm(end * 5));
  return Array.from({ length: Math.floor(sorted.length / 2) }, (_, n) => [sorted[2 * n]!, sorted[2 * n + 1]!]);
});
const nightly = fc.constant<DayHours>([
  ['00:00', '05:00'],
  ['20:00', '24:00'],
]);
const someHours = fc.oneof(dayHours, nightly);
const weekly = fc.oneof(
  fc.constant(null),
  fc
    .array(someHours, { minLength: 7, maxLength: 7 })
    .map((days) => Object.fromEntries(days.map((day, n) => [n + 1, day])) as WeeklyHours),
);

/** Taken slots within the three days from `from`, disjoint. */
const takenFrom = (from: number) =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: 3 * 288 }), { maxLength: 10 })
    .map((ends) => ends.toSorted((a, b) => a - b).map((end) => from + end * 5 * MINUTE))
    .map((ends) =>
      Array.from({ length: Math.floor(ends.length / 2) }, (_, n): Stretch => ({
        from: ends[2 * n]!,
        to: ends[2 * n + 1]!,
      })),
    );

const cases = fc.record({ zone: fc.constantFrom(...ZONES), date: fc.constantFrom(...DAYS) }).chain(({ zone, date }) => {
  const from = at(`${date}T00:00Z`) - DAY_MS;
  return fc.record({
    timeZone: fc.constant(zone),
    from: fc.constant(from),
    weeklyHours: weekly,
    exceptions: fc.dictionary(fc.constantFrom(date, new Date(from).toISOString().slice(0, 10)), someHours, {
      maxKeys: 2,
    }),
    taken: takenFrom(from),
    before: fc.constantFrom(0, 5, 10, 30),
    after: fc.constantFrom(0, 5, 10, 30),
    notice: fc.constantFrom(0, 1, 60, 24 * 60),
    nowMinutes: fc.integer({ min: -3_000, max: 2_000 }),
    durationMinutes: fc.constantFrom(20, 50, 60, 180, 600),
  });
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function searchOf(one: Case): { availability: Availability; search: SlotSearch } {
  const { timeZone, weeklyHours, exceptions, before, after, notice } = one;
  const policy = {
    ...defaultPolicy(MINUTE),
    bufferBeforeMinutes: before,
    bufferMinutes: after,
    minimumNoticeMinutes: notice,
  };
  const { from, taken, durationMinutes } = one;
  return {
    availability: availabilityOf({ timeZone, weeklyHours, exceptions }, policy),
    search: {
      from,
      to: from + 3 * DAY_MS,
      now: from + one.nowMinutes * MINUTE,
      durationMinutes,
      minuteMs: MINUTE,
      taken,
      limit: 1_000,
    },
  };
}

const overlaps = (a: Stretch, b: Stretch) => a.from < b.to && b.from < a.to;
const RUNS = { numRuns: 200 };

test('whatever is offered can be booked, and every quarter of an hour that can be booked is offered', () => {
  let offeredInAll = 0;
  fc.assert(
    fc.property(cases, (one) => {
      const { availability, search } = searchOf(one);
      const offered = bookableStarts(availability, search);
      const bookable: number[] = [];
      for (let startsAt = search.from; startsAt < search.to; startsAt += STEP) {
        const endsAt = startsAt + one.durationMinutes * MINUTE;
        const block = { from: startsAt - one.before * MINUTE, to: endsAt + one.after * MINUTE };
        if (one.taken.some((slot) => overlaps(slot, block))) continue;
        if (availabilityRefusal(availability, { startsAt, endsAt }, search.now) === null) bookable.push(startsAt);
      }
      expect(offered).toEqual(bookable);
      offeredInAll += offered.length;
    }),
    RUNS,
  );
  expect(offeredInAll).toBeGreaterThan(5_000);
});

test('no local time is offered twice, and none in the past', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { availability, search } = searchOf(one);
      const local = new Intl.DateTimeFormat('en-GB', {
        timeZone: one.timeZone,
        dateStyle: 'short',
        timeStyle: 'short',
      });
      const offered = bookableStarts(availability, search);
      expect(new Set(offered.map((start) => local.format(start))).size).toBe(offered.length);
      for (const start of offered) expect(start).toBeGreaterThan(search.now);
    }),
    RUNS,
  );
});

/** What the clock on the wall says: its date and the minute of the day. */
function wallOf(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (instant: number) => {
    const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return {
      date: `${part['year']}-${part['month']}-${part['day']}`,
      minute: Number(part['hour']) * 60 + Number(part['minute']),
    };
  };
}
const minutesOf = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

test('where no clocks change, a session is within hours if the clock on the wall is, in each of its minutes', () => {
  let compared = 0;
  fc.assert(
    fc.property(cases, (one) => {
      const { timeZone, from, weeklyHours, exceptions } = one;
      if (offsetSpans(timeZone, from - DAY_MS, from + 4 * DAY_MS).length > 1) return;
      const { availability, search } = searchOf({ ...one, taken: [], nowMinutes: -1, notice: 0, durationMinutes: 180 });
      const offered = new Set(bookableStarts(availability, search));
      const wall = wallOf(timeZone);
      const isOpen = (instant: number): boolean => {
        const { date, minute } = wall(instant);
        const weekday = String(new Date(`${date}T00:00Z`).getUTCDay() || 7) as keyof WeeklyHours;
        const day = exceptions[date] ?? (weeklyHours === null ? [['00:00', '24:00']] : (weeklyHours[weekday] ?? []));
        return day.some(([opens, closes]) => minutesOf(opens!) <= minute && minute < minutesOf(closes!));
      };
      // Hours are on every fifth minute, so what holds for one of five holds for all.
      const open = Array.from({ length: 4 * 288 }, (_, n) => isOpen(from + n * 5 * MINUTE));
      for (let n = 0; n < 3 * 288; n += 3) {
        const isWhole = open.slice(n, n + 36).every(Boolean);
        compared += 1;
        if (offered.has(from + n * 5 * MINUTE) !== isWhole) expect.fail(new Date(from + n * 5 * MINUTE).toISOString());
      }
    }),
    { numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(1_000);
});
