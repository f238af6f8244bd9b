import ical, {
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventClass,
  ICalEventStatus,
  ICalEventTransparency,
  type ICalCalendar,
} from 'ical-generator';
import type { EntryState } from '../domain/calendar-state.js';
import { signInLink, type Site } from './messages.js';
import { wordingOf } from './wording.js';

/** What an entry may know of an appointment; instants in epoch ms. */
export interface Entry {
  /** Stands as the UID too, the same in mails, downloads and feeds. */
  id: string;
  startsAt: number;
  endsAt: number;
  /** The row's version, which every change makes grow: SEQUENCE. */
  sequence: number;
  /** When the row was last changed: DTSTAMP, so that the same row is the same text. */
  updatedAt: number;
  state: EntryState;
}

const STATUSES = {
  tentative: ICalEventStatus.TENTATIVE,
  confirmed: ICalEventStatus.CONFIRMED,
  cancelled: ICalEventStatus.CANCELLED,
} as const satisfies Record<EntryState, ICalEventStatus>;

function open({ brand }: Site): ICalCalendar {
  return ical({ prodId: { company: 'Punctual', product: 'appointments', language: 'EN' }, name: brand });
}

/** Others see calendars too: brand, time and the link, marked private. */
function add(calendar: ICalCalendar, site: Site, entry: Entry, locale: string) {
  const link = signInLink(site, entry.id);
  return calendar.createEvent({
    id: entry.id,
    sequence: entry.sequence,
    stamp: new Date(entry.updatedAt),
    lastModified: new Date(entry.updatedAt),
    start: new Date(entry.startsAt),
    end: new Date(entry.endsAt),
    summary: site.brand,
    description: `${wordingOf(locale).signIn}: ${link}`,
    url: link,
    status: STATUSES[entry.state],
    class: ICalEventClass.PRIVATE,
    transparency: entry.state === 'cancelled' ? ICalEventTransparency.TRANSPARENT : ICalEventTransparency.OPAQUE,
  });
}

/** Calendar apps that subscribe are asked to come again after this many seconds. */
export const FEED_REFRESH_SECONDS = 900;

/** A calendar of entries, to download, or to subscribe to where it is refreshed. Source: RFC 5545; RFC 7986 for its name and refreshing. */
export function writeCalendar(
  site: Site,
  entries: readonly Entry[],
  locale: string,
  refreshSeconds: number | null = null,
): string {
  const calendar = open(site).ttl(refreshSeconds);
  for (const entry of entries) add(calendar, site, entry, locale);
  return ended(calendar);
}

export interface Invitation {
  method: 'REQUEST' | 'CANCEL';
  content: string;
}

/**
 * What goes along with a mail: the entry is put into the recipient's calendar, changed or taken out there. The brand
 * invites, from `organizer` (a mail address). Source: RFC 5546.
 */
export function writeInvitation(
  site: Site,
  entry: Entry,
  { organizer, attendee, locale }: { organizer: string; attendee: string; locale: string },
): Invitation {
  const method = entry.state === 'cancelled' ? 'CANCEL' : 'REQUEST';
  const calendar = open(site).method(ICalCalendarMethod[method]);
  const event = add(calendar, site, entry, locale);
  event.organizer({ name: site.brand, email: organizer });
  event.createAttendee({ email: attendee, rsvp: false, status: ICalAttendeeStatus.ACCEPTED });
  return { method, content: ended(calendar) };
}

/** RFC 5545, 3.1: every line ends with CRLF, the last one too. */
function ended(calendar: ICalCalendar): string {
  return `${calendar.toString()}\r\n`;
}
