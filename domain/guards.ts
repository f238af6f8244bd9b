import { presentMs } from './attendance.js';
import { cancellationQuote } from './cancellation.js';
import { deadlinesOf } from './deadlines.js';
import { bothCame, type AppointmentRecord } from './record.js';
import type { RefusalCode } from './refusals.js';
import type { Actor, Participant } from './types.js';

/** The moment an event counts for (a deadline's due time, a message's received_at) and who caused it. */
export interface EventContext {
  at: number;
  actor: Actor;
  /** For a reschedule or an extension: the new times, and what the slot says to them. */
  move?: Move;
  /** For a cancel: what its sender was told would come back. */
  expectedRefundMinor?: number;
}

/** New times of an appointment; the commit has looked the slot up under the therapist's lock. */
export interface Move {
  startsAt: number;
  endsAt: number;
  minutes: number;
  refused: Extract<RefusalCode, 'slot_taken' | 'own_overlap' | 'outside_hours' | 'too_late'> | null;
}

export type Guard = (record: AppointmentRecord, context: EventContext) => boolean;

const isParticipant = (role: Actor['role']): role is Participant => role === 'client' || role === 'therapist';

function actorCame(record: AppointmentRecord, { actor }: EventContext): boolean {
  return isParticipant(actor.role) && record[actor.role].cameAt !== null;
}

const WHOLE_BPS = 10_000;

/** The therapist was connected for less than the policy's share of the time that was held; unknown counts as there. */
function therapistLeft(record: AppointmentRecord, { at }: EventContext): boolean {
  const { therapistStretches, startsAt, policy } = record;
  if (therapistStretches === null || at <= startsAt) return false;
  return presentMs(therapistStretches, startsAt, at) * WHOLE_BPS < (at - startsAt) * policy.presenceBps;
}

function quoteChanged(record: AppointmentRecord, { at, actor, expectedRefundMinor }: EventContext): boolean {
  if (expectedRefundMinor === undefined) return false;
  return cancellationQuote(record, at, actor.role).refundMinor !== expectedRefundMinor;
}

/** Conditions of the table by the words docs/lifecycle.md prints. */
export const GUARDS = {
  unpaid: (record) => record.paidAt === null,
  paid: (record) => record.paidAt !== null,
  activated: (record) => record.activatedAt !== null,
  'not activated': (record) => record.activatedAt === null,
  'T-15 has elapsed': (record, { at }) => at >= deadlinesOf(record).remindAt,
  'T-5 has come': (record, { at }) => at >= deadlinesOf(record).opensAt,
  'both came': (record) => bothCame(record),
  'only the client came': (record) => record.client.cameAt !== null && record.therapist.cameAt === null,
  'only the therapist came': (record) => record.therapist.cameAt !== null && record.client.cameAt === null,
  'nobody came': (record) => record.client.cameAt === null && record.therapist.cameAt === null,
  'who ends it came': actorCame,
  'who ends it did not come': (record, context) => !actorCame(record, context),
  'before start + 15 min': (record, { at }) => at < deadlinesOf(record).absentAt,
  'before the start': (record, { at }) => at < record.startsAt,
  'the therapist was there for less than half of the time': therapistLeft,
  'by the client': (_, { actor }) => actor.role === 'client',
  'by an admin': (_, { actor }) => actor.role === 'admin',
  'the quote has changed': quoteChanged,
  'it counts as a no-show': (record, { at, actor }) => cancellationQuote(record, at, actor.role).rule === 'after_start',
  'later than 24 h before the start': ({ startsAt, policy }, { at }) =>
    at > startsAt - policy.rescheduleUntilMinutes * policy.minuteMs,
  'moved three times already': ({ reschedules, policy }) => reschedules >= policy.maxReschedules,
  'no new times can be read': (_, { move }) => move === undefined,
  'the new slot is taken': (_, { move }) => move?.refused === 'slot_taken',
  'the client has another at the new time': (_, { move }) => move?.refused === 'own_overlap',
  'the therapist does not work then': (_, { move }) => move?.refused === 'outside_hours',
  'the new start has passed': (_, { move, at }) =>
    move === undefined || move.startsAt <= at || move.refused === 'too_late',
} as const satisfies Record<string, Guard>;

export type GuardName = keyof typeof GUARDS;
