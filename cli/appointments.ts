import pc from 'picocolors';
import type { ApiClient } from './api-client.js';
import type { AppointmentView, LedgerView, Page, TimelineView } from './api-types.js';
import { appointmentSheet, appointmentTable, instant, money, status, timelineLine } from './format.js';
import { ledgerTable } from './ledger-table.js';

/** Prints one block of text. */
export type Print = (text: string) => void;

export interface ListOptions {
  status?: string;
  needs?: string;
  /** Only those that start in this span, RFC 3339. */
  from?: string;
  to?: string;
  /** At most so many. */
  limit: number;
  json?: boolean;
}

const MOST_A_PAGE = 100;
const appointmentPath = (id: string): string => `/v1/appointments/${encodeURIComponent(id)}`;

/** Appointments in the API's order, page after page up to the limit. */
export async function listAppointments(api: ApiClient, options: ListOptions, print: Print): Promise<void> {
  const found: AppointmentView[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(MOST_A_PAGE, options.limit - found.length);
    const { status: only, needs, from, to } = options;
    const query = { status: only, needs, from, to, limit, cursor: cursor ?? undefined };
    const page: Page<AppointmentView> = await api.get('/v1/appointments', query);
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && found.length < options.limit);
  if (options.json === true) return print(JSON.stringify(found, undefined, 2));
  if (found.length === 0) return print('No appointment matches.');
  print(appointmentTable(found));
  if (cursor !== null)
    print(pc.dim(`Cut off after ${found.length}: narrow by --status, --needs or --from, or raise --limit.`));
}

export async function showAppointment(
  api: ApiClient,
  id: string,
  options: { json?: boolean },
  print: Print,
): Promise<void> {
  const appointment = await api.get<AppointmentView>(appointmentPath(id));
  print(options.json === true ? JSON.stringify(appointment, undefined, 2) : appointmentSheet(appointment));
}

/** Activates; by force it confirms at once, whenever that is, and the reason is kept. Payment is required either way. */
export async function activateAppointment(
  api: ApiClient,
  id: string,
  options: { force?: boolean; reason?: string },
  print: Print,
): Promise<void> {
  const route = options.force === true ? 'force-confirm' : 'activate';
  const { status: answered } = await api.postForStatus(
    `${appointmentPath(id)}/${route}`,
    options.reason ? { reason: options.reason } : {},
  );
  if (answered === 202) {
    return print(
      `Stored, and not yet decided: "cli appointments timeline ${id}" shows the decision once a worker has made it.`,
    );
  }
  const appointment = await api.get<AppointmentView>(appointmentPath(id));
  print(
    `${options.force === true ? 'Confirmed by force' : 'Activated'}: ${id} is ${status(appointment)}, starts at ${instant(appointment.startsAt)}.`,
  );
}

export async function showTimeline(
  api: ApiClient,
  id: string,
  options: { json?: boolean },
  print: Print,
): Promise<void> {
  const timeline = await api.get<TimelineView>(`${appointmentPath(id)}/timeline`);
  if (options.json === true) return print(JSON.stringify(timeline, undefined, 2));
  for (const item of timeline.entries) print(timelineLine(item));
  for (const { event, due } of timeline.upcoming)
    print(pc.dim(`${instant(due).slice(11, 19)}      ${event} (to come, ${instant(due)})`));
}

/** Every posting of an appointment with its sum, and what became of its refunds and disputes. */
export async function showLedger(api: ApiClient, id: string, options: { json?: boolean }, print: Print): Promise<void> {
  const ledger = await api.get<LedgerView>(`/v1/admin/appointments/${encodeURIComponent(id)}/ledger`);
  if (options.json === true) return print(JSON.stringify(ledger, undefined, 2));
  if (ledger.transactions.length === 0) return print('Nothing was posted for it.');
  const { client, therapist } = await api.get<AppointmentView>(appointmentPath(id));
  print(ledgerTable(ledger, new Map([client, therapist].map((person) => [person.id, person.name]))));
  for (const { id: refund, amountMinor, currency, to, status: of } of ledger.refunds)
    print(`refund of ${money(amountMinor, currency)} to the ${to}: ${of} (${refund})`);
  for (const { id: dispute, amountMinor, currency, status: of } of ledger.disputes)
    print(`dispute of ${money(amountMinor, currency)}: ${of} (${dispute})`);
}

/** Starts the workflow of a live appointment anew from its row, where it is gone. */
export async function repairAppointment(api: ApiClient, id: string, print: Print): Promise<void> {
  const { repaired } = await api.post<{ repaired: boolean }>(`/v1/admin/appointments/${encodeURIComponent(id)}/repair`);
  print(
    repaired
      ? `${id} has a workflow again, started from its row.`
      : `${id} needs no repair: its workflow is running, or it is over.`,
  );
}
