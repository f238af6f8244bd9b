import { sql, type Selectable } from 'kysely';
import { completePolicy } from '../domain/policy.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { HoldStatus, PaymentMethod, PaymentStatus } from '../domain/types.js';
import type { Db } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { decryptField } from './field-encryption.js';
import type { ShownRefund } from './refund-lists.js';
import type { AppointmentTable, RoomStatus } from './schema.js';

/** An appointment with everything that its presentation needs, and the moment (PostgreSQL's clock) it was read. */
export interface SeenAppointment {
  record: AppointmentRecord;
  now: number;
  /** Stored messages that no commit has come to yet. */
  undecided: number;
  meetingId: string;
  meetingLink: string;
  /** Epoch ms, as every instant here. */
  updatedAt: number;
  /** Counts every change of the row. */
  version: number;
  clientName: string;
  therapistName: string;
  /** The other session its therapist holds at this moment. */
  busyWith: string | null;
  reviewed: boolean;
  /** Oldest first. */
  refunds: ShownRefund[];
}

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S;
type InJson<T> = T extends Date ? string : T;
type Row = Selectable<AppointmentTable>;
type RowInJson = { [K in keyof Row as Snake<K>]: InJson<Row[K]> };

/** What `seenJson` selects. */
export interface SeenInJson {
  a: RowInJson;
  hold: HoldStatus | null;
  room: RoomStatus | null;
  payment: { status: PaymentStatus; method: PaymentMethod } | null;
  openPayment: boolean;
  undecided: { count: number; activation: string | null };
  now: string;
  client: Encrypted;
  therapist: Encrypted;
  busyWith: string | null;
  reviewed: boolean;
  refunds: ShownRefund[];
}

/**
 * The appointment `a` with the people `c` and `t` as one JSON value: PostgreSQL writes it and the engine reads it in half
 * the time that the driver takes for sixty columns. By the same rules as `selectAppointments`, which commits use.
 */
const seenJson = sql<SeenInJson>`json_build_object(
  'a', to_json(a),
  'hold', (select h.status from hold h where h.appointment_id = a.id),
  'room', (select r.status from room r where r.appointment_id = a.id),
  'payment', (select json_build_object('status', p.status, 'method', p.method) from payment p
    where p.appointment_id = a.id order by p.id = a.paid_payment_id desc, p.created_at desc limit 1),
  'openPayment', exists (select from payment o where o.appointment_id = a.id and o.method <> 'wallet'
    and o.status in ('pending', 'processing', 'failed') and o.failure_code is distinct from 'canceled'),
  'undecided', (select json_build_object('count', count(*), 'activation', min(m.received_at) filter (where m.kind = 'activate'))
    from message m where m.appointment_id = a.id and m.handled_at is null),
  'now', clock_timestamp()::timestamptz(3),
  'client', c.name,
  'therapist', t.name,
  'busyWith', (select l.appointment_id from therapist_lease l where l.therapist_id = a.therapist_id
    and l.appointment_id <> a.id and l.held_until > clock_timestamp()),
  'reviewed', exists (select from review v where v.appointment_id = a.id),
  'refunds', (select coalesce(json_agg(json_build_object('amountMinor', f.amount_minor, 'to', f.destination, 'status', f.status)
    order by f.created_at, f.id), '[]') from refund f where f.appointment_id = a.id))`;

/** Selects appointments as readers see them, as `seen`. */
export function selectSeen(db: Db) {
  return db
    .selectFrom('appointment as a')
    .innerJoin('person as c', 'c.id', 'a.clientId')
    .innerJoin('person as t', 't.id', 'a.therapistId')
    .select(seenJson.as('seen'));
}

const msOf = (instant: string): number => Date.parse(instant);
const msOrNull = (instant: string | null): number | null => (instant === null ? null : Date.parse(instant));

function outcomeOf({
  outcome_reason: reason,
  outcome_by: by,
  outcome_at: at,
}: RowInJson): AppointmentRecord['outcome'] {
  return reason === null || by === null || at === null ? null : { reason, by, at: msOf(at) };
}

/** int8 in JSON is read as a number: one beyond a safe integer is an error, never a rounded one. */
function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${value} is beyond a safe integer`);
  return value;
}

function recordOf({ a, hold, room, payment, openPayment, undecided }: SeenInJson): AppointmentRecord {
  return {
    id: a.id,
    clientId: a.client_id,
    therapistId: a.therapist_id,
    status: a.status,
    sessionMode: a.session_mode,
    startsAt: msOf(a.starts_at),
    endsAt: msOf(a.ends_at),
    durationMinutes: a.duration_minutes,
    createdAt: msOf(a.created_at),
    scheduleVersion: a.schedule_version,
    policy: completePolicy(a.policy),
    priceMinor: safe(a.price_minor),
    currency: a.currency,
    paidAt: msOrNull(a.paid_at),
    payment,
    hold: hold ?? 'none',
    activatedAt: msOrNull(a.activated_at),
    forcedAt: msOrNull(a.forced_at),
    remindedAt: msOrNull(a.reminded_at),
    openedAt: msOrNull(a.opened_at),
    openingPreparedAt: msOrNull(a.opening_prepared_at),
    client: { joinedAt: msOrNull(a.client_joined_at), cameAt: msOrNull(a.client_came_at) },
    therapist: { joinedAt: msOrNull(a.therapist_joined_at), cameAt: msOrNull(a.therapist_came_at) },
    outcome: outcomeOf(a),
    reschedules: a.reschedules,
    extendedMinutes: a.extended_minutes,
    therapistStretches: null,
    openProviderPayment: openPayment,
    paymentCheckedAt: msOrNull(a.payment_checked_at),
    attendanceReadAt: msOrNull(a.attendance_read_at),
    pendingActivationAt: msOrNull(undecided.activation),
    roomAlive: room === 'alive',
  };
}

/** Reads what `selectSeen` selected. */
export function toSeen(db: Db, { seen }: { seen: SeenInJson }): SeenAppointment {
  const { a, now, client, therapist, busyWith, reviewed, refunds } = seen;
  return {
    record: recordOf(seen),
    now: msOf(now),
    undecided: seen.undecided.count,
    meetingId: a.meeting_id,
    meetingLink: a.meeting_link,
    updatedAt: msOf(a.updated_at),
    version: safe(a.version),
    clientName: decryptField(db, 'person.name', a.client_id, client),
    therapistName: decryptField(db, 'person.name', a.therapist_id, therapist),
    busyWith,
    reviewed,
    refunds,
  };
}
