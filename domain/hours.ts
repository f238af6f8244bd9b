/** Local working hours by ISO weekday (1 Monday .. 7 Sunday): `[from, to]` pairs of `HH:MM`; `24:00` ends a day. */
export type WeeklyHours = Partial<Record<'1' | '2' | '3' | '4' | '5' | '6' | '7', [from: string, to: string][]>>;

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const formatters = new Map<string, Intl.DateTimeFormat>();

/** One formatter a time zone (IANA name): building one costs far more than using it. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

function localMinute(instant: number, timeZone: string): { weekday: keyof WeeklyHours; minute: number } {
  const parts = Object.fromEntries(
    formatterOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  const weekday = String(WEEKDAYS.indexOf(parts['weekday']!) + 1) as keyof WeeklyHours;
  return { weekday, minute: Number(parts['hour']) * 60 + Number(parts['minute']) };
}

function minuteOf(clock: string): number {
  const [hour, minute] = clock.split(':');
  return Number(hour) * 60 + Number(minute);
}

/** Whether a session lies within one stretch of the therapist's hours; null hours are always open. Instants in epoch ms. */
export function withinHours(hours: WeeklyHours | null, timeZone: string, startsAt: number, endsAt: number): boolean {
  if (hours === null) return true;
  const first = localMinute(startsAt, timeZone);
  // The last instant inside, not a sum of minutes: on a day that changes its clocks an hour later is not an hour on.
  const last = localMinute(endsAt - 1, timeZone);
  if (first.weekday !== last.weekday) return false;
  return (hours[first.weekday] ?? []).some(
    ([from, to]) => minuteOf(from) <= first.minute && last.minute < minuteOf(to),
  );
}
