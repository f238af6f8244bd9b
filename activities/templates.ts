import type { Template } from '../domain/notifications.js';
import type { AppointmentRecord } from '../domain/record.js';

/** One text for a recipient. */
export interface Text {
  subject: string;
  body: string;
}

export interface Reader {
  name: string;
  locale: string;
  timeZone: string;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The one place that writes instants for people: in their zone, named, so that nobody comes an hour early. */
export function formatInstant(instant: number, { locale, timeZone }: Pick<Reader, 'locale' | 'timeZone'>): string {
  const key = `${locale}/${timeZone}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' });
    formatters.set(key, formatter);
  }
  return `${formatter.format(instant)} (${timeZone})`;
}

type Sentence = (when: string, payBy: string) => [subject: string, body: string];

const SENTENCES: Record<Template, Sentence> = {
  booking_made: (when, payBy) => ['Your booking', `Your session on ${when} is booked. Please pay by ${payBy}.`],
  payment_received: (when) => [
    'Payment received',
    `We have your payment for the session on ${when}. It now awaits approval.`,
  ],
  approval_pending: (when) => ['A booking awaits approval', `A booking on ${when} awaits approval.`],
  activation_alert: (when) => ['A paid booking is not activated', `The session on ${when} is paid and not activated.`],
  approved: (when) => [
    'Your session is approved',
    `The session on ${when} is approved. Join opens five minutes before it starts.`,
  ],
  approved_open: (when) => ['Your session is open', `The session on ${when} is approved and open. You can join now.`],
  approval_taken_back: (when) => ['Approval taken back', `The approval of the session on ${when} was taken back.`],
  session_reminder: (when) => ['Your session starts soon', `Your session starts on ${when}.`],
  payment_reminder: (when, payBy) => [
    'Your session is not paid',
    `Your session on ${when} is not paid. Please pay by ${payBy}.`,
  ],
  join_open: (when) => ['You can join now', `The session on ${when} is open. You can join now.`],
  awaiting_approval: (when) => [
    'Your session awaits approval',
    `The session on ${when} still awaits approval. We tell you as soon as it is approved.`,
  ],
  expired_payment: (when) => [
    'Your booking has expired',
    `The booking on ${when} was not paid in time and has expired.`,
  ],
  expired_activation: (when) => [
    'The session could not take place',
    `The session on ${when} was not approved in time. The client gets all money back.`,
  ],
  completed: (when) => ['Session completed', `The session on ${when} is completed. Thank you.`],
  no_show: (when) => ['Missed session', `The session on ${when} has ended as missed.`],
  late_money_returned: (when) => [
    'Your payment came too late',
    `Money for the session on ${when} came too late or was not needed. It goes back to its source.`,
  ],
  cancelled: (when) => ['Session cancelled', `The session on ${when} is cancelled.`],
  rescheduled: (when) => ['Session moved', `Your session now starts on ${when}.`],
  extended: (when) => ['Session extended', `The session that started on ${when} goes on a little longer.`],
  refund_completed: (when) => ['Refund sent', `The money for the session on ${when} is on its way back to you.`],
  refund_to_wallet: (when) => [
    'Refund on your wallet',
    `The money for the session on ${when} could not be sent back to its source. It is on your wallet.`,
  ],
  dispute_opened: (when) => ['Dispute opened', `A payment for the session on ${when} is disputed.`],
  dispute_closed: (when) => ['Dispute closed', `The dispute about the session on ${when} is closed.`],
};

/** The text of a template for one reader: no clinical detail, no names of others; the id says which appointment. */
export function writeText(template: Template, record: AppointmentRecord, payBy: number, reader: Reader): Text {
  const [subject, sentence] = SENTENCES[template](formatInstant(record.startsAt, reader), formatInstant(payBy, reader));
  return { subject, body: `Hello ${reader.name},\n\n${sentence}\n\nAppointment ${record.id}\n` };
}

/** The same for SMS: one sentence and the start of the id. */
export function writeShortText(template: Template, record: AppointmentRecord, payBy: number, reader: Reader): string {
  const [, sentence] = SENTENCES[template](formatInstant(record.startsAt, reader), formatInstant(payBy, reader));
  return `${sentence} [${record.id.slice(0, 8)}]`;
}
