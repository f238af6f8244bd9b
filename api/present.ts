import type { AppointmentPayment } from '../db/payments.js';
import type { SeenAppointment } from '../db/seen-appointment.js';
import type { Therapist } from '../db/therapists.js';
import { advance, type View } from '../domain/advance.js';
import { allowedActions } from '../domain/allowed-actions.js';
import { deadlinesOf } from '../domain/deadlines.js';
import { joinVerdict } from '../domain/join.js';
import { SESSION_MODES, type Participant, type Presence, type Role } from '../domain/types.js';
import type { AppointmentBody, JoinAnswerBody, JoinVerdictBody, PaymentBody, TherapistBody } from './schemas.js';

/** Who an answer is for. */
export interface Reader {
  id: string;
  role: Role;
}

/** Epoch ms as RFC 3339 UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

function presentPresence({ joinedAt, cameAt }: Presence) {
  return { joinedAt: isoOrNull(joinedAt), cameAt: isoOrNull(cameAt) };
}

function presentVerdict(view: View, participant: Participant, now: number, busyWith: string | null): JoinVerdictBody {
  const { opensAt, blockingAppointmentId, ...verdict } = joinVerdict(view, participant, now, busyWith);
  return { ...verdict, opensAt: iso(opensAt), ...(blockingAppointmentId === null ? {} : { blockingAppointmentId }) };
}

/** The reader's Join verdict as of `now`; an admin gets the client's, with both beside it. */
export function presentJoin(seen: SeenAppointment, reader: Reader, now = seen.now): JoinAnswerBody {
  const view = advance(seen.record, now);
  if (reader.role !== 'admin') return presentVerdict(view, reader.role, now, seen.busyWith);
  const client = presentVerdict(view, 'client', now, seen.busyWith);
  return { ...client, joinVerdicts: { client, therapist: presentVerdict(view, 'therapist', now, seen.busyWith) } };
}

/** The appointment as api.md promises it, its status as of `now` by PostgreSQL's clock (epoch ms). */
export function presentAppointment(seen: SeenAppointment, reader: Reader, now = seen.now): AppointmentBody {
  const { record: stored, busyWith, reviewed, meetingId, meetingLink } = seen;
  const view = advance(stored, now);
  const { record, deciding } = view;
  const { joinVerdicts, ...join } = presentJoin(seen, reader, now);
  return {
    id: record.id,
    status: record.status,
    sessionMode: record.sessionMode,
    startsAt: iso(record.startsAt),
    endsAt: iso(record.endsAt),
    durationMinutes: record.durationMinutes,
    meetingId,
    meetingLink,
    client: { id: record.clientId, name: seen.clientName },
    therapist: { id: record.therapistId, name: seen.therapistName },
    price: { amountMinor: record.priceMinor, currency: record.currency },
    payment: record.payment === null ? null : { status: record.payment.status, method: record.payment.method },
    isActivatedByAdmin: record.activatedAt !== null,
    attendance: { client: presentPresence(record.client), therapist: presentPresence(record.therapist) },
    outcome: record.outcome === null ? null : { ...record.outcome, at: iso(record.outcome.at) },
    deciding,
    payBy: iso(deadlinesOf(record).payBy),
    hold: record.hold,
    refunds: seen.refunds,
    join,
    ...(joinVerdicts === undefined ? {} : { joinVerdicts }),
    allowedActions: allowedActions(view, reader, now, {
      busyWith,
      reviewable: stored.status === 'completed' && !reviewed,
    }),
    policy: record.policy,
    scheduleVersion: record.scheduleVersion,
    serverNow: iso(now),
    createdAt: iso(record.createdAt),
    updatedAt: iso(seen.updatedAt),
  };
}

/** A payment without its checkout, whose secrets are fetched anew for each answer. */
export function presentPayment(payment: AppointmentPayment): PaymentBody {
  const { id, appointmentId, method, status, amountMinor, currency, failureCode, createdAt } = payment;
  return { id, appointmentId, method, status, amountMinor, currency, failureCode, createdAt: createdAt.toISOString() };
}

export function presentTherapist({
  id,
  name,
  timeZone,
  currency,
  rates,
  durationsMinutes,
  policy,
}: Therapist): TherapistBody {
  const offered = SESSION_MODES.flatMap((mode) => {
    const amountMinor = rates[mode];
    return amountMinor === undefined ? [] : [[mode, { amountMinor, currency, perMinutes: 60 }] as const];
  });
  return { id, name, timeZone, currency, rates: Object.fromEntries(offered), durationsMinutes, policy };
}
