import { sql, type Selectable } from 'kysely';
import { buffersOf } from '../domain/availability.js';
import { deadlinesOf } from '../domain/deadlines.js';
import { readPolicy } from '../domain/policy.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { HoldStatus, PaymentMethod, PaymentStatus } from '../domain/types.js';
import { toDate, toMs } from './clock.js';
import { compiledRead } from './compiled-read.js';
import type { Db, Trx } from './database.js';
import { AHEAD } from './patience.js';
import type { AppointmentTable, RoomStatus } from './schema.js';
import { slotRange } from './slots.js';

/** The row with what belongs to a decision from other tables, and the moment (PostgreSQL's clock) it was read. */
export interface LoadedAppointment {
  row: Selectable<AppointmentTable>;
  record: AppointmentRecord;
  now: number;
  /** How the appointment's room stands; null before one was wanted. */
  roomStatus: RoomStatus | null;
}

/** Selects rows with payment, hold, room and pending activation beside them, by PostgreSQL's clock. */
export function selectAppointments(db: Db) {
  return db
    .selectFrom('appointment as a')
    .leftJoin('hold as h', 'h.appointmentId', 'a.id')
    .leftJoin('room as r', 'r.appointmentId', 'a.id')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('payment as p')
          .whereRef('p.appointmentId', '=', 'a.id')
          .select(['p.status as paymentStatus', 'p.method as paymentMethod'])
          .orderBy(sql`p.id = a.paid_payment_id`, 'desc')
          .orderBy('p.createdAt', 'desc')
          .limit(1)
          .as('pay'),
      (join) => join.onTrue(),
    )
    .selectAll('a')
    .select(['h.status as holdStatus', 'r.status as roomStatus', 'pay.paymentStatus', 'pay.paymentMethod'])
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('payment as o')
            .whereRef('o.appointmentId', '=', 'a.id')
            .where('o.method', '<>', 'wallet')
            .where('o.status', 'in', ['pending', 'processing', 'failed'])
            .where(sql<boolean>`o.failure_code is distinct from 'canceled'`)
            .select('o.id'),
        )
        .as('openProviderPayment'),
      eb
        .selectFrom('message as m')
        .whereRef('m.appointmentId', '=', 'a.id')
        .where('m.kind', '=', 'activate')
        .where('m.handledAt', 'is', null)
        .select((inner) => inner.fn.min('m.receivedAt').as('at'))
        .as('pendingActivationAt'),
      sql<Date>`clock_timestamp()::timestamptz(3)`.as('now'),
    ]);
}

type SelectedRow = Awaited<ReturnType<ReturnType<typeof selectAppointments>['executeTakeFirstOrThrow']>>;

/** Maps a selected row to the domain's record. */
export function toLoaded(selected: SelectedRow): LoadedAppointment {
  const { holdStatus, roomStatus, paymentStatus, paymentMethod, openProviderPayment, pendingActivationAt, now } =
    selected;
  return {
    row: selected, // as it came: a copy of sixty columns costs more than all else here
    roomStatus,
    now: now.getTime(),
    record: toRecord(selected, {
      hold: holdStatus ?? 'none',
      payment:
        paymentStatus === null || paymentMethod === null ? null : { status: paymentStatus, method: paymentMethod },
      openProviderPayment: Boolean(openProviderPayment),
      pendingActivationAt: toMs(pendingActivationAt),
      roomAlive: roomStatus === 'alive',
    }),
  };
}

interface Beside {
  hold: HoldStatus;
  payment: { status: PaymentStatus; method: PaymentMethod } | null;
  openProviderPayment: boolean;
  pendingActivationAt: number | null;
  roomAlive: boolean;
}

function toRecord(row: Selectable<AppointmentTable>, beside: Beside): AppointmentRecord {
  const { outcomeReason, outcomeBy, outcomeAt } = row;
  const hasOutcome = outcomeReason !== null && outcomeBy !== null && outcomeAt !== null;
  return {
    ...beside,
    id: row.id,
    clientId: row.clientId,
    therapistId: row.therapistId,
    status: row.status,
    sessionMode: row.sessionMode,
    startsAt: row.startsAt.getTime(),
    endsAt: row.endsAt.getTime(),
    durationMinutes: row.durationMinutes,
    createdAt: row.createdAt.getTime(),
    scheduleVersion: row.scheduleVersion,
    policy: readPolicy(row.policy),
    priceMinor: row.priceMinor,
    currency: row.currency,
    paidAt: toMs(row.paidAt),
    activatedAt: toMs(row.activatedAt),
    forcedAt: toMs(row.forcedAt),
    remindedAt: toMs(row.remindedAt),
    openedAt: toMs(row.openedAt),
    openingPreparedAt: toMs(row.openingPreparedAt),
    client: { joinedAt: toMs(row.clientJoinedAt), cameAt: toMs(row.clientCameAt) },
    therapist: { joinedAt: toMs(row.therapistJoinedAt), cameAt: toMs(row.therapistCameAt) },
    outcome: hasOutcome ? { reason: outcomeReason, by: outcomeBy, at: outcomeAt.getTime() } : null,
    paymentCheckedAt: toMs(row.paymentCheckedAt),
    attendanceReadAt: toMs(row.attendanceReadAt),
    reschedules: row.reschedules,
    extendedMinutes: row.extendedMinutes,
    therapistStretches: null,
  };
}

const readOne = compiledRead(['id'], (db, { id }) => selectAppointments(db).where('a.id', '=', id));

/** One appointment, or null. Takes no lock. */
export async function loadAppointment(db: Db, id: string): Promise<LoadedAppointment | null> {
  const [selected] = await readOne(db, { id });
  return selected === undefined ? null : toLoaded(selected);
}

/** Locks the row for a change, if there is one, together with the statement that comes next in the transaction. */
export async function lockRow(trx: Trx, id: string): Promise<void> {
  await sql`${sql.raw(AHEAD)} select 1 from appointment where id = ${id} for no key update`.execute(trx);
}

/** Locks the row for a change, then reads it and the clock; null when there is none. */
export async function lockAppointment(trx: Trx, id: string): Promise<LoadedAppointment | null> {
  await lockRow(trx, id);
  return loadAppointment(trx, id);
}

/** What a decision may change, as the assignments of an UPDATE; the version grows by one. Presence is written by joins and webhooks alone. */
export function appointmentColumns(record: AppointmentRecord, paidPaymentId: string | null) {
  const { startsAt, endsAt, policy } = record;
  const { payBy, remindAt, opensAt, activateBy } = deadlinesOf(record);
  return sql`status = ${record.status}, starts_at = ${new Date(startsAt)}, ends_at = ${new Date(endsAt)},
    slot = ${slotRange(record, buffersOf(policy))}, pay_by = ${new Date(payBy)}, remind_at = ${new Date(remindAt)},
    opens_at = ${new Date(opensAt)}, activate_by = ${new Date(activateBy)}, schedule_version = ${record.scheduleVersion},
    reschedules = ${record.reschedules}, extended_minutes = ${record.extendedMinutes}, paid_at = ${toDate(record.paidAt)},
    paid_payment_id = ${paidPaymentId}, activated_at = ${toDate(record.activatedAt)}, forced_at = ${toDate(record.forcedAt)},
    reminded_at = ${toDate(record.remindedAt)}, opened_at = ${toDate(record.openedAt)},
    opening_prepared_at = ${toDate(record.openingPreparedAt)}, outcome_reason = ${record.outcome?.reason ?? null},
    outcome_by = ${record.outcome?.by ?? null}, outcome_at = ${toDate(record.outcome?.at ?? null)},
    version = version + 1, updated_at = clock_timestamp()`;
}

/** Writes what a decision may change. */
export async function saveRecord(trx: Trx, record: AppointmentRecord, paidPaymentId: string | null): Promise<void> {
  await sql`update appointment set ${appointmentColumns(record, paidPaymentId)} where id = ${record.id}`.execute(trx);
}
