import { sql, type NotNull, type SqlBool } from 'kysely';
import type { Role, Status } from '../domain/types.js';
import { compiledRead } from './compiled-read.js';
import type { Db } from './database.js';
import type { AppointmentPayment } from './payments.js';
import { selectSeen, toSeen, type SeenAppointment } from './seen-appointment.js';

/** Whose appointments may be read. */
export interface Scope {
  id: string;
  role: Role;
}

/** Clients see their own, therapists their own once activated, admins all. Everything else is not there for them. */
function selectVisible(db: Db, { id, role }: Scope) {
  const query = selectSeen(db);
  if (role === 'client') return query.where('a.clientId', '=', id);
  if (role === 'therapist') return query.where('a.therapistId', '=', id).where('a.activatedAt', 'is not', null);
  return query;
}

const readOneAs = (role: Role) =>
  compiledRead(['id', 'reader'], (db, { id, reader }) =>
    selectVisible(db, { role, id: reader }).where('a.id', '=', id),
  );
const readOne = { client: readOneAs('client'), therapist: readOneAs('therapist'), admin: readOneAs('admin') };

/** One appointment that the reader may see, or null. */
export async function readAppointment(
  db: Db,
  { role, id: reader }: Scope,
  id: string,
): Promise<SeenAppointment | null> {
  const [selected] = await readOne[role](db, { id, reader });
  return selected === undefined ? null : toSeen(db, selected);
}

/** What a list is narrowed to; instants in epoch ms, `from` inclusive and `to` exclusive, by start. */
export interface ListFilter {
  statuses: readonly Status[];
  needs: 'payment' | 'activation' | null;
  from: number | null;
  to: number | null;
  therapistId: string | null;
  clientId: string | null;
}

const LIVE: readonly Status[] = ['scheduled', 'confirmed', 'in_progress'];

/** The status as of `at`, by the clock (SQL's twin of `advance`), not as it was last committed. */
function hasStatus(statuses: readonly Status[], at: Date) {
  return sql<SqlBool>`(appointment_now(a, ${at})).status in (${sql.join(statuses)})`;
}

/** By start and id, after the place where the last page ended, with statuses as of `at` (PostgreSQL's clock, epoch ms). */
export async function listAppointments(
  db: Db,
  scope: Scope,
  filter: ListFilter,
  page: { at: number; limit: number; after: { startsAt: number; id: string } | null },
): Promise<SeenAppointment[]> {
  const { statuses, needs, from, to, therapistId, clientId } = filter;
  const at = new Date(page.at);
  let query = selectVisible(db, scope);
  if (statuses.length > 0) {
    // The clock moves live ones only, so what is stored is one of these: the index serves it.
    query = query.where('a.status', 'in', [...new Set([...statuses, ...LIVE])]).where(hasStatus(statuses, at));
  }
  if (needs !== null) {
    query = query.where('a.status', '=', 'scheduled').where(hasStatus(['scheduled'], at));
    query =
      needs === 'payment'
        ? query.where('a.paidAt', 'is', null).where('a.payBy', '>', at)
        : query.where('a.paidAt', 'is not', null).where('a.activatedAt', 'is', null);
  }
  if (from !== null) query = query.where('a.startsAt', '>=', new Date(from));
  if (to !== null) query = query.where('a.startsAt', '<', new Date(to));
  if (therapistId !== null) query = query.where('a.therapistId', '=', therapistId);
  if (clientId !== null) query = query.where('a.clientId', '=', clientId);
  const { after } = page;
  if (after !== null) {
    query = query.where((eb) =>
      eb(eb.refTuple('a.startsAt', 'a.id'), '>', eb.tuple(new Date(after.startsAt), after.id)),
    );
  }
  const selected = await query.orderBy('a.startsAt').orderBy('a.id').limit(page.limit).execute();
  return selected.map((one) => toSeen(db, one));
}

/** One payment of an appointment, by our id or by the provider's. */
export function readPayment(
  db: Db,
  appointmentId: string,
  by: { id: string } | { providerRef: string },
): Promise<AppointmentPayment | undefined> {
  const query = db
    .selectFrom('payment')
    .where('appointmentId', '=', appointmentId)
    .selectAll()
    .$narrowType<{ appointmentId: NotNull }>();
  return (
    'id' in by ? query.where('id', '=', by.id) : query.where('providerRef', '=', by.providerRef)
  ).executeTakeFirst();
}
