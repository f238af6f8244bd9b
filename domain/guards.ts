import { deadlinesOf } from './deadlines.js';
import { bothCame, type AppointmentRecord } from './record.js';
import type { Actor, Participant } from './types.js';

/** The moment an event counts for (a deadline's due time, a message's received_at) and who caused it. */
export interface EventContext {
  at: number;
  actor: Actor;
}

export type Guard = (record: AppointmentRecord, context: EventContext) => boolean;

const isParticipant = (role: Actor['role']): role is Participant => role === 'client' || role === 'therapist';

function actorCame(record: AppointmentRecord, { actor }: EventContext): boolean {
  return isParticipant(actor.role) && record[actor.role].cameAt !== null;
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
} as const satisfies Record<string, Guard>;

export type GuardName = keyof typeof GUARDS;
