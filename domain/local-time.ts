/** Instants of a zone's local times. Lengths are elapsed milliseconds; instants are epoch ms. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** A stretch of time, epoch ms, its end exclusive. */
export interface Stretch {
  from: number;
  to: number;
}

/** A stretch in which a zone keeps one distance from UTC: local time is the instant plus it. */
export interface OffsetSpan extends Stretch {
  offsetMs: number;
}

const offsetFormats = new Map<string, Intl.DateTimeFormat>();

/** One formatter a time zone: building one costs far more than using it. */
function offsetFormatOf(timeZone: string): Intl.DateTimeFormat {
  let format = offsetFormats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    offsetFormats.set(timeZone, format);
  }
  return format;
}

/** How a long offset ends: `GMT`, `GMT+05:30`, `GMT-00:44:30`. */
const LONG_OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** What a zone (IANA name) adds to UTC at an instant, ms. @throws RangeError for a zone that is not known */
export function offsetAt(timeZone: string, instant: number): number {
  const match = LONG_OFFSET.exec(offsetFormatOf(timeZone).format(instant));
  if (match === null) throw new RangeError(`the offset of ${timeZone} can't be read`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const distance = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS + Number(seconds) * SECOND_MS;
  return sign === '-' ? -distance : distance;
}

/** The second at which the offset first differs from that of `from`; somewhere until `to` it does. */
function changeBetween(timeZone: string, from: number, to: number): number {
  const before = offsetAt(timeZone, from);
  let [same, other] = [from, to];
  while (other - same > SECOND_MS) {
    const middle = Math.floor((same + other) / 2 / SECOND_MS) * SECOND_MS;
    if (offsetAt(timeZone, middle) === before) same = middle;
    else other = middle;
  }
  return other;
}

/**
 * A zone's offsets between two instants on whole seconds, in order and without a hole. A change that is taken back
 * within a day would be missed; no zone has ever done that.
 */
export function offsetSpans(timeZone: string, from: number, to: number): OffsetSpan[] {
  const spans: OffsetSpan[] = [{ from, to, offsetMs: offsetAt(timeZone, from) }];
  for (let seen = from; seen < to;) {
    const last = spans.at(-1)!;
    const next = Math.min(seen + DAY_MS, to);
    if (offsetAt(timeZone, next) === last.offsetMs) {
      seen = next;
      continue;
    }
    seen = changeBetween(timeZone, seen, next);
    last.to = seen;
    spans.push({ from: seen, to, offsetMs: offsetAt(timeZone, seen) });
  }
  return spans;
}

/**
 * The instant of a local time, given as if it were UTC. One that the clocks skip is read with the offset before the
 * change, and so lies as much later; of one that comes twice the first counts. `spans` reach a day beyond it.
 * Source: RFC 5545, 3.3.5; the same as Temporal's `disambiguation: 'compatible'`.
 */
export function instantOf(local: number, spans: readonly OffsetSpan[]): number {
  let { offsetMs } = spans[0]!;
  for (const span of spans) {
    const instant = local - span.offsetMs;
    if (instant < span.from) break;
    offsetMs = span.offsetMs;
    if (instant < span.to) break;
  }
  return local - offsetMs;
}

/** The stretches whose local times were there before: the second of each hour that the clocks repeat. */
export function repeatedStretches(spans: readonly OffsetSpan[]): Stretch[] {
  return spans.flatMap(({ from, offsetMs }, index) => {
    const setBack = index === 0 ? 0 : spans[index - 1]!.offsetMs - offsetMs;
    return setBack > 0 ? [{ from, to: from + setBack }] : [];
  });
}

const calendar = new Intl.DateTimeFormat('en-US', {
  timeZone: 'UTC',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** `YYYY-MM-DD` of a day counted from 1970-01-01. */
export function dateOf(day: number): string {
  const {
    year,
    month,
    day: ofMonth,
  } = Object.fromEntries(calendar.formatToParts(day * DAY_MS).map(({ type, value }) => [type, value]));
  return `${year}-${month}-${ofMonth}`;
}

/** The ISO weekday (1 Monday .. 7 Sunday) of a day counted from 1970-01-01, a Thursday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}
