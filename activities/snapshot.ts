import type { Committed } from '../db/commit.js';
import { nextWakeUp } from '../domain/advance.js';
import type { Snapshot } from '../workflows/messages.js';

/** Reduces a commit to what the workflow keeps: no names, no policy, no secrets, since it stays in the history. */
export function snapshotOf(committed: Pick<Committed, 'record' | 'version' | 'now' | 'needs' | 'decided'>): Snapshot {
  const { record, version, now, needs, decided } = committed;
  const next = nextWakeUp(record);
  return {
    appointmentId: record.id,
    version,
    status: record.status,
    sessionMode: record.sessionMode,
    startsAt: record.startsAt,
    endsAt: record.endsAt,
    payment: record.payment,
    paid: record.paidAt !== null,
    activated: record.activatedAt !== null,
    hold: record.hold,
    joined: { client: record.client.joinedAt, therapist: record.therapist.joinedAt },
    openPayment: record.openProviderPayment,
    outcome: record.outcome,
    next: next === null ? null : { event: next.event, due: next.due, inMs: Math.max(0, next.wakeAt - now) },
    needs,
    decided: decided.map(({ id, decision }) => ({ id, code: decision.ok ? null : decision.code })),
  };
}
