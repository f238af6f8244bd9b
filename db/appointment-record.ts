import { sql, type Selectable } from 'kysely';
import { deadlinesOf } from '../domain/deadlines.js';
import { completePolicy } from '../domain/policy.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { HoldStatus, PaymentMethod, PaymentStatus } from '../domain/types.js';
import { toDate, toMs } from './clock.js';
import type { Db, Trx } from './database.js';
import type { AppointmentTable, RoomStatus } from './schema.js';

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
  const {
    holdStatus,
    roomStatus,
    paymentStatus,
    paymentMethod,
    openProviderPayment,
    pendingActivationAt,
    now,
    ...row
  } = selected;
  return {
    row,
    roomStatus,
    now: now.getTime(),
    record: toRecord(row, {
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
    policy: completePolicy(row.policy),
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

/** One appointment, or null. Takes no lock. */
export async function loadAppointment(db: Db, id: string): Promise<LoadedAppointment | null> {
  const selected = await selectAppointments(db).where('a.id', '=', id).executeTakeFirst();
  return selected === undefined ? null : toLoaded(selected);
}

/** Locks the row for a change, then reads it and the clock; null when there is none. */
export async function lockAppointment(trx: Trx, id: string): Promise<LoadedAppointment | null> {
  const locked = await trx
    .selectFrom('appointment')
    .where('id', '=', id)
    .select('id')
    .forNoKeyUpdate()
    .executeTakeFirst();
  return locked === undefined ? null : loadAppointment(trx, id);
}

/** Writes what a decision may change; the version grows by one. Presence is written by joins and webhooks alone. */
export async function saveRecord(trx: Trx, record: AppointmentRecord, paidPaymentId: string | null): Promise<void> {
  const { startsAt, endsAt, policy } = record;
  const { payBy, remindAt, opensAt, activateBy } = deadlinesOf(record);
  const slotEnd = new Date(endsAt + policy.bufferMinutes * policy.minuteMs);
  await trx
    .updateTable('appointment')
    .set({
      status: record.status,
      startsAt: new Date(startsAt),
      endsAt: new Date(endsAt),
      slot: sql<string>`tstzrange(${new Date(startsAt)}, ${slotEnd})`,
      payBy: new Date(payBy),
      remindAt: new Date(remindAt),
      opensAt: new Date(opensAt),
      activateBy: new Date(activateBy),
      scheduleVersion: record.scheduleVersion,
      reschedules: record.reschedules,
      extendedMinutes: record.extendedMinutes,
      paidAt: toDate(record.paidAt),
      paidPaymentId,
      activatedAt: toDate(record.activatedAt),
      forcedAt: toDate(record.forcedAt),
      remindedAt: toDate(record.remindedAt),
      openedAt: toDate(record.openedAt),
      openingPreparedAt: toDate(record.openingPreparedAt),
      outcomeReason: record.outcome?.reason ?? null,
      outcomeBy: record.outcome?.by ?? null,
      outcomeAt: toDate(record.outcome?.at ?? null),
      version: sql`version + 1`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where('id', '=', record.id)
    .execute();
}
