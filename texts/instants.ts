/** Writes instants for people: the one place that does. */

/** How somebody wants to read: a BCP 47 locale and an IANA time zone, as their row has them. */
export interface Reading {
  locale: string;
  timeZone: string;
}

const FALLBACK: Reading = { locale: 'en-GB', timeZone: 'UTC' };
/** Locales are people's own: what was seen is forgotten now and then, so that nobody fills the memory. */
const MOST_WRITERS = 500;

interface Writer {
  formatter: Intl.DateTimeFormat;
  /** As it was given: Intl itself still says Calcutta for Kolkata. */
  timeZone: string;
}

const writers = new Map<string, Writer>();

function buildFormatter({ locale, timeZone }: Reading): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** What can't be read of a locale or a zone falls back on its own: English, UTC. */
function readable({ locale, timeZone }: Reading): Reading {
  const works = (reading: Reading): boolean => {
    try {
      buildFormatter(reading);
      return true;
    } catch {
      return false;
    }
  };
  return {
    locale: works({ locale, timeZone: FALLBACK.timeZone }) ? locale : FALLBACK.locale,
    timeZone: works({ locale: FALLBACK.locale, timeZone }) ? timeZone : FALLBACK.timeZone,
  };
}

function writerOf(reading: Reading): Writer {
  const key = `${reading.locale}/${reading.timeZone}`;
  let writer = writers.get(key);
  if (writer === undefined) {
    if (writers.size >= MOST_WRITERS) writers.clear();
    const usable = readable(reading);
    writer = { formatter: buildFormatter(usable), timeZone: usable.timeZone };
    writers.set(key, writer);
  }
  return writer;
}

/** Intl's narrow spaces would make an SMS of 160 characters one of 70. */
const NARROW_SPACES = /[\u00a0\u202f]/g;

/** An instant (epoch ms) in the reader's zone, which is named, so that nobody comes an hour early. */
export function formatInstant(instant: number, reading: Reading): string {
  const { formatter, timeZone } = writerOf(reading);
  return `${formatter.format(instant).replaceAll(NARROW_SPACES, ' ')} (${timeZone})`;
}
