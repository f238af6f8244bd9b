import pc from 'picocolors';
import { toMajorUnits } from '../domain/major-units.js';
import type { Status } from '../domain/types.js';
import type { AppointmentView, TimelineItem } from './api-types.js';

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Width on screen, without colour codes. */
function width(text: string): number {
  return text.replace(ESCAPES, '').length;
}

/** Left-aligned columns, two spaces apart; no trailing spaces. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header.map((name) => pc.dim(name)), ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell)))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** Integer minor units as people read them, by the currency's own number of decimals. */
export function money(amountMinor: number, currency: string): string {
  return `${toMajorUnits(amountMinor, currency)} ${currency}`;
}

/** An instant in UTC, to the second. */
export function instant(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** The time of day in UTC, to the millisecond: for things that happen in quick succession. */
export function timeOfDay(at: string): string {
  return new Date(at).toISOString().slice(11, 23);
}

const COLOURS: Record<Status, (text: string) => string> = {
  scheduled: pc.cyan,
  confirmed: pc.blue,
  in_progress: pc.magenta,
  completed: pc.green,
  cancelled: pc.yellow,
  expired: pc.yellow,
  no_show: pc.red,
};

export function status({ status: of, deciding }: Pick<AppointmentView, 'status' | 'deciding'>): string {
  return COLOURS[of](of) + (deciding ? ' (deciding)' : '');
}

function paid({ payment }: AppointmentView): string {
  return payment === null ? 'unpaid' : `${payment.method} ${payment.status}`;
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

/** One line an appointment. */
export function appointmentTable(appointments: readonly AppointmentView[]): string {
  return table(
    ['ID', 'STATUS', 'STARTS', 'MIN', 'MODE', 'CLIENT', 'THERAPIST', 'PAYMENT', 'ACTIVATED'],
    appointments.map((one) => [
      one.id,
      status(one),
      instant(one.startsAt),
      String(one.durationMinutes),
      one.sessionMode,
      one.client.name,
      one.therapist.name,
      paid(one),
      yesNo(one.isActivatedByAdmin),
    ]),
  );
}

/** Everything an operator asks of one appointment, a fact a line. */
export function appointmentSheet(one: AppointmentView): string {
  const outcome =
    one.outcome === null ? '-' : `${one.outcome.reason} by ${one.outcome.by} at ${instant(one.outcome.at)}`;
  const came = (who: 'client' | 'therapist'): string => {
    const { cameAt, joinedAt } = one.attendance[who];
    if (cameAt !== null) return `came at ${instant(cameAt)}`;
    return joinedAt === null ? 'not yet' : `joined at ${instant(joinedAt)}, not seen in the room`;
  };
  const facts: [string, string][] = [
    ['Appointment', one.id],
    ['Status', status(one)],
    ['Time', `${instant(one.startsAt)} to ${instant(one.endsAt)} (${one.durationMinutes} min, ${one.sessionMode})`],
    ['Client', `${one.client.name}: ${came('client')}`],
    ['Therapist', `${one.therapist.name}: ${came('therapist')}`],
    ['Price', money(one.price.amountMinor, one.price.currency)],
    [
      'Payment',
      `${paid(one)}, hold ${one.hold}${one.payment?.status === 'completed' ? '' : `, pay by ${instant(one.payBy)}`}`,
    ],
    ['Activated', yesNo(one.isActivatedByAdmin)],
    ['Outcome', outcome],
  ];
  return facts.map(([name, value]) => `${pc.dim(name.padEnd(12))} ${value}`).join('\n');
}

/** Milliseconds from `due` to `at`; null for what had no due time. */
export function latenessMs({ due, at }: Pick<TimelineItem, 'due' | 'at'>): number | null {
  return due === null ? null : Date.parse(at) - Date.parse(due);
}

/** What happened, who did it and how late it was written. */
export function timelineLine(item: TimelineItem): string {
  const lateMs = latenessMs(item);
  const late = lateMs === null ? '' : pc.dim(` +${lateMs} ms`);
  const { status: to, refused, reason, amountMinor, currency } = item.detail ?? {};
  const said = [
    typeof refused === 'string' ? pc.red(`refused ${refused}`) : '',
    typeof to === 'string' ? `-> ${to}` : '',
    typeof amountMinor === 'number' && typeof currency === 'string' ? money(amountMinor, currency) : '',
    typeof reason === 'string' ? `(${reason})` : '',
  ];
  return `${timeOfDay(item.at)}  ${item.kind.padEnd(22)} ${item.actor.role.padEnd(9)} ${said.filter(Boolean).join(' ')}${late}`.trimEnd();
}
