import { dateOf, DAY_MS, instantOf, offsetSpans, repeatedStretches, weekdayOf, type Stretch } from './local-time.js';

export const WEEKDAYS = ['1', '2', '3', '4', '5', '6', '7'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Local hours of one day: `[from, to]` pairs of `HH:MM`; `24:00` ends a day. */
export type DayHours = [from: string, to: string][];

/** Local working hours by ISO weekday (1 Monday .. 7 Sunday). */
export type WeeklyHours = Partial<Record<Weekday, DayHours>>;

/** Local hours by date, `YYYY-MM-DD`. */
export type HoursByDate = Readonly<Record<string, DayHours>>;

/** When somebody works, by the clocks of a zone (IANA name). */
export interface LocalHours {
  timeZone: string;
  /** Null: always open. */
  weeklyHours: WeeklyHours | null;
  /** Dates with hours of their own instead of their weekday's; none is a day off. */
  exceptions: HoursByDate;
}

/** When sessions may be held, as instants. */
export interface OpenTimes {
  /** In order, not touching each other: a session lies within one. */
  stretches: readonly Stretch[];
  /** Where local times come a second time: no session begins there. */
  repeated: readonly Stretch[];
}

const MINUTE_MS = 60_000;
const WHOLE_DAY: DayHours = [['00:00', '24:00']];

/** Minutes since midnight of `HH:MM`. */
export function minuteOf(clock: string): number {
  const [hour, minute] = clock.split(':');
  return Number(hour) * 60 + Number(minute);
}

function hoursOf({ weeklyHours, exceptions }: LocalHours, day: number): DayHours {
  const exception = exceptions[dateOf(day)];
  if (exception !== undefined) return exception;
  return weeklyHours === null ? WHOLE_DAY : (weeklyHours[String(weekdayOf(day)) as Weekday] ?? []);
}

/** What touches becomes one: hours to 24:00 go on at 00:00. */
function merge(stretches: Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || last.to < stretch.from) merged.push({ ...stretch });
    else last.to = Math.max(last.to, stretch.to);
  }
  return merged;
}

/**
 * The open times that decide about sessions between two instants (epoch ms). Both ends of hours are local times, read as
 * `instantOf` says; what lies between them is elapsed time, so that a day of 25 hours is open for an hour more.
 */
export function openTimes(hours: LocalHours, from: number, to: number): OpenTimes {
  // A local date is never more than a day away from UTC's, nor is where skipped hours end from their own date.
  const firstDay = Math.floor(from / DAY_MS) - 1;
  const lastDay = Math.floor(to / DAY_MS) + 1;
  const spans = offsetSpans(hours.timeZone, (firstDay - 1) * DAY_MS, (lastDay + 2) * DAY_MS);
  const stretches: Stretch[] = [];
  for (let day = firstDay; day <= lastDay; day += 1) {
    for (const [opens, closes] of hoursOf(hours, day)) {
      const [start, end] = [opens, closes].map((clock) => instantOf(day * DAY_MS + minuteOf(clock) * MINUTE_MS, spans));
      if (start! < end!) stretches.push({ from: start!, to: end! });
    }
  }
  return { stretches: merge(stretches), repeated: repeatedStretches(spans) };
}

/** Null when a session may be held then, else the next instant at which one may begin; Infinity when there is none. */
export function closedUntil({ stretches, repeated }: OpenTimes, startsAt: number, endsAt: number): number | null {
  const again = repeated.find(({ from, to }) => from <= startsAt && startsAt < to);
  if (again !== undefined) return again.to;
  for (const { from, to } of stretches) {
    if (startsAt < from) return from;
    if (endsAt <= to) return null;
  }
  return Infinity;
}
