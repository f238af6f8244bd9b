import { z } from '@hono/zod-openapi';
import type { AvailabilitySettings, StoredAvailability } from '../db/availability.js';
import { hoursProblems, repeatedDates } from '../domain/availability-checks.js';
import { WEEKDAYS, type DayHours, type WeeklyHours } from '../domain/hours.js';

/** A therapist's availability as the API takes it and gives it. */

const MOST_RANGES = 24;
const MOST_EXCEPTIONS = 500;
const LONGEST_BUFFER_MINUTES = 240;
const LONGEST_NOTICE_MINUTES = 60 * 24 * 60;

const clock = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time of the day as HH:MM, 24:00 being its end')
  .openapi({ example: '09:00' });
const range = z.strictObject({ from: clock, to: clock });
type Range = z.infer<typeof range>;

const toDayHours = (ranges: readonly Range[]): DayHours => ranges.map(({ from, to }) => [from, to]);
const toRanges = (day: DayHours): Range[] => day.map(([from, to]) => ({ from, to }));

const day = z
  .array(range)
  .max(MOST_RANGES)
  .superRefine((ranges, context) => {
    for (const { index, message } of hoursProblems(toDayHours(ranges)))
      context.addIssue({ code: 'custom', path: [index], message });
  })
  .openapi({ description: 'Local times, in any order. What runs to 24:00 and on from 00:00 the next day is one.' });

const week = z
  .strictObject({ monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: day, sunday: day })
  .partial();
type DayName = keyof z.infer<typeof week>;
/** By ISO weekday. */
const DAY_NAMES: Record<(typeof WEEKDAYS)[number], DayName> = {
  1: 'monday',
  2: 'tuesday',
  3: 'wednesday',
  4: 'thursday',
  5: 'friday',
  6: 'saturday',
  7: 'sunday',
};

const exceptions = z
  .array(z.strictObject({ date: z.iso.date().openapi({ example: '2026-12-24' }), hours: day }))
  .max(MOST_EXCEPTIONS)
  .superRefine((given, context) => {
    for (const index of repeatedDates(given.map(({ date }) => date)))
      context.addIssue({ code: 'custom', path: [index, 'date'], message: 'is there twice' });
  })
  .openapi({ description: 'Dates with hours of their own instead of the weekday’s; without any, a day off.' });

const policyMinutes = (most: number) =>
  z.int().min(0).max(most).openapi({ description: 'In the policy’s minutes, which last its minuteMs each.' });
const settings = {
  weeklyHours: week
    .nullable()
    .openapi({ description: 'A day left out is off; null: always open, but for exceptions.' }),
  exceptions,
  buffers: z.strictObject({
    beforeMinutes: policyMinutes(LONGEST_BUFFER_MINUTES),
    afterMinutes: policyMinutes(LONGEST_BUFFER_MINUTES),
  }),
  minimumNoticeMinutes: policyMinutes(LONGEST_NOTICE_MINUTES),
};
const version = z.int().openapi({ description: 'Counts the changes; also the ETag.' });
const timeZone = z.string().openapi({ description: 'The therapist’s own, an IANA name.', example: 'Europe/Berlin' });

export const availabilitySchema = z.object({ ...settings, timeZone, version }).openapi('Availability');

/** The settings whole; version and time zone may come along, and must then be those that are stored. */
export const availabilityInput = z
  .strictObject({ ...settings, timeZone: timeZone.optional(), version: version.optional() })
  .openapi('AvailabilityInput');

export type AvailabilityBody = z.infer<typeof availabilitySchema>;

export function presentAvailability({
  version: changes,
  timeZone: zone,
  settings: stored,
}: StoredAvailability): AvailabilityBody {
  const { weeklyHours, bufferBeforeMinutes, bufferAfterMinutes, minimumNoticeMinutes } = stored;
  const dates = Object.keys(stored.exceptions).toSorted();
  const named = weeklyHours && WEEKDAYS.map((weekday) => [DAY_NAMES[weekday], toRanges(weeklyHours[weekday] ?? [])]);
  return {
    timeZone: zone,
    weeklyHours: named && Object.fromEntries(named),
    exceptions: dates.map((date) => ({ date, hours: toRanges(stored.exceptions[date]!) })),
    buffers: { beforeMinutes: bufferBeforeMinutes, afterMinutes: bufferAfterMinutes },
    minimumNoticeMinutes,
    version: changes,
  };
}

/** By their beginnings: zero-padded times sort as text. */
const sorted = (ranges: readonly Range[]): DayHours => toDayHours(ranges).toSorted(([a], [b]) => (a < b ? -1 : 1));

function toWeeklyHours(given: z.infer<typeof week>): WeeklyHours {
  const days = WEEKDAYS.map((weekday) => [weekday, sorted(given[DAY_NAMES[weekday]] ?? [])] as const);
  return Object.fromEntries(days.filter(([, ranges]) => ranges.length > 0));
}

export function toSettings(given: z.infer<typeof availabilityInput>): AvailabilitySettings {
  const { weeklyHours, buffers, minimumNoticeMinutes } = given;
  return {
    weeklyHours: weeklyHours && toWeeklyHours(weeklyHours),
    exceptions: Object.fromEntries(given.exceptions.map(({ date, hours }) => [date, sorted(hours)])),
    bufferBeforeMinutes: buffers.beforeMinutes,
    bufferAfterMinutes: buffers.afterMinutes,
    minimumNoticeMinutes,
  };
}
