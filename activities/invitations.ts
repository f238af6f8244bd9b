import type { StoredView } from '../db/appointment-views.js';
import { entryStateOf } from '../domain/calendar-state.js';
import type { Template } from '../domain/notifications.js';
import type { Role } from '../domain/types.js';
import { writeInvitation, type Invitation } from '../texts/calendar.js';
import type { Site } from '../texts/messages.js';

/** Mails that change what stands in a calendar; a herd's reminders don't. */
const CHANGES_CALENDAR: ReadonlySet<Template> = new Set([
  'booking_made',
  'approved',
  'approved_open',
  'approval_taken_back',
  'rescheduled',
  'extended',
  'cancelled',
  'expired_payment',
  'expired_activation',
]);

/** The calendar entry that goes along with a mail, by the state of this moment; null where none does. */
export function invitationFor(
  site: Site,
  template: Template,
  { record, version, updatedAt }: StoredView,
  recipient: { recipientRole: Role; email: string; locale: string },
  organizer: string,
): Invitation | null {
  const { recipientRole, email, locale } = recipient;
  if (!CHANGES_CALENDAR.has(template) || recipientRole === 'admin') return null;
  // A therapist has no entry before the approval; only its being taken back takes one out.
  const isHidden = recipientRole === 'therapist' && record.activatedAt === null;
  if (isHidden && template !== 'approval_taken_back') return null;
  const { id, startsAt, endsAt } = record;
  const state = isHidden ? 'cancelled' : entryStateOf(record);
  const entry = { id, startsAt, endsAt, sequence: version, updatedAt, state };
  return writeInvitation(site, entry, { organizer, attendee: email, locale });
}
