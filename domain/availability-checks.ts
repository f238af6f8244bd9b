import { minuteOf, type DayHours } from './hours.js';

/** What is wrong with one range of a day's hours, by its place in the list. */
export interface HoursProblem {
  index: number;
  message: string;
}

const PAST_MIDNIGHT = 'hours past midnight are two ranges, to 24:00 and from 00:00 of the next day';

/** What is wrong with the hours of one day: ranges that end before they begin, and ranges that overlap an earlier one. */
export function hoursProblems(day: DayHours): HoursProblem[] {
  const problems: HoursProblem[] = [];
  day.forEach(([from, to], index) => {
    if (minuteOf(to) <= minuteOf(from)) {
      problems.push({ index, message: `must end after it begins; ${PAST_MIDNIGHT}` });
      return;
    }
    const other = day.slice(0, index).find(([opens, closes]) => {
      return minuteOf(opens) < minuteOf(to) && minuteOf(from) < minuteOf(closes) && minuteOf(opens) < minuteOf(closes);
    });
    if (other !== undefined) problems.push({ index, message: `overlaps ${other[0]} to ${other[1]}` });
  });
  return problems;
}

/** Which of these dates are there twice, by place in the list. */
export function repeatedDates(dates: readonly string[]): number[] {
  return dates.flatMap((date, index) => (dates.indexOf(date) < index ? [index] : []));
}
