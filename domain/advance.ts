import { deadlinesOf, spreadWakeAt } from './deadlines.js';
import type { DeadlineEvent } from './events.js';
import { decide } from './gate.js';
import { bothCame, firstJoinedAt, type AppointmentRecord } from './record.js';
import { SYSTEM } from './types.js';

/** A deadline of the record's present state; `join` stands for the first join that the row already shows. */
export interface Deadline {
  event: DeadlineEvent | 'join';
  due: number;
}

/** Every deadline that the record's present state still waits for, the earliest first. */
export function pendingDeadlines(record: AppointmentRecord): Deadline[] {
  const { payBy, remindAt, opensAt, activateBy } = deadlinesOf(record);
  const found: Deadline[] = [];
  if (record.status === 'scheduled') {
    if (record.paidAt === null) found.push({ event: 'payment_window_over', due: payBy });
    if (record.remindedAt === null) found.push({ event: 'reminder_due', due: remindAt });
    if (record.openedAt === null) found.push({ event: 'opening_due', due: opensAt });
    if (record.paidAt !== null && record.activatedAt === null)
      found.push({ event: 'activation_window_over', due: activateBy });
  }
  if (record.status === 'confirmed') {
    const joinedAt = firstJoinedAt(record);
    if (joinedAt !== null) found.push({ event: 'join', due: joinedAt });
  }
  if (record.status === 'confirmed' || record.status === 'in_progress')
    found.push({ event: 'duration_over', due: record.endsAt });
  return found.sort((a, b) => a.due - b.due);
}

/** The earliest pending deadline that is due at `now`, or null. */
export function nextDue(record: AppointmentRecord, now: number): Deadline | null {
  const [first] = pendingDeadlines(record);
  return first !== undefined && first.due <= now ? first : null;
}

/** True where the clock alone must not decide: expiry for want of payment, an end without both presences on record. */
export function needsEvidence(record: AppointmentRecord, { event, due }: Deadline): boolean {
  switch (event) {
    case 'payment_window_over':
      return true;
    case 'duration_over':
      return !bothCame(record);
    case 'activation_window_over': // an activation that arrived in time beats the deadline once it is worked off
      return record.pendingActivationAt !== null && record.pendingActivationAt <= due;
    default:
      return false;
  }
}

/** An appointment as of a moment: what every reader shows. */
export interface View {
  record: AppointmentRecord;
  /** A deadline has passed whose outcome waits for evidence: nothing can be paid or joined until it is committed. */
  deciding: boolean;
}

/**
 * The clock decides: applies the transitions that are due at `now` (PostgreSQL's clock, epoch ms). Pure; the SQL
 * function `appointment_now` is its twin. Source: docs/lifecycle.md, "How a due time is kept".
 */
export function advance(record: AppointmentRecord, now: number): View {
  let current = record;
  for (;;) {
    const deadline = nextDue(current, now);
    if (deadline === null) return { record: current, deciding: false };
    if (needsEvidence(current, deadline)) return { record: current, deciding: true };
    const decision = decide(current, deadline.event, { at: deadline.due, actor: SYSTEM });
    if (!decision.allowed) throw new Error(`the clock was refused: ${deadline.event} ${decision.code}`);
    current = decision.record;
  }
}

/** What the workflow sleeps for: the next deadline and when to wake for it (early where T-15 is spread). */
export interface WakeUp {
  event: Deadline['event'];
  due: number;
  wakeAt: number;
}

/** The next wake-up of the workflow, or null once it is over. One timer at a time serves it. */
export function nextWakeUp(record: AppointmentRecord): WakeUp | null {
  const wakeUps = pendingDeadlines(record).map(({ event, due }): WakeUp => {
    if (event === 'reminder_due') return { event, due, wakeAt: spreadWakeAt(record, due) };
    return { event, due, wakeAt: due };
  });
  return wakeUps.reduce<WakeUp | null>(
    (first, wakeUp) => (first === null || wakeUp.wakeAt < first.wakeAt ? wakeUp : first),
    null,
  );
}
