import { pendingDeadlines, type Deadline } from './advance.js';
import { spreadWakeAt } from './deadlines.js';
import type { MessageEvent } from './events.js';
import { decide, type Decision } from './gate.js';
import type { Move } from './guards.js';
import { bothCame, type AppointmentRecord } from './record.js';
import { SYSTEM, type Actor } from './types.js';

/** A message as it was stored; it counts for `receivedAt`, PostgreSQL's clock, whenever a worker comes to it. */
export interface StoredMessage {
  id: string;
  event: MessageEvent;
  actor: Actor;
  receivedAt: number;
  move?: Move;
  expectedRefundMinor?: number;
}

/** One decision with who caused it and, for a message, which. */
export interface Step {
  decision: Decision;
  actor: Actor;
  messageId: string | null;
}

/** What must be asked outside before the next step can be decided. */
export type EvidenceNeed = 'payment' | 'attendance';

export interface WorkedOff {
  record: AppointmentRecord;
  steps: Step[];
  needs: EvidenceNeed | null;
  /** T-15 has been worked off and the price is paid: T-5's rows can be written ahead. Changes no status. */
  prepareOpening: boolean;
}

/** The provider is asked only about an object that might have been paid, and not again once it was asked after `since`. */
function paymentUnchecked(record: AppointmentRecord, since: number): boolean {
  return record.openProviderPayment && (record.paymentCheckedAt ?? -Infinity) < since;
}

/** The room's record is read where a room was, unless both presences are known or it was read after `since`. */
function attendanceUnread(record: AppointmentRecord, since: number): boolean {
  const hasRoomRecord = record.sessionMode !== 'chat' && record.roomAlive;
  return hasRoomRecord && !bothCame(record) && (record.attendanceReadAt ?? -Infinity) < since;
}

function needOf(record: AppointmentRecord, event: string, since: number): EvidenceNeed | null {
  if (event === 'payment_window_over' && paymentUnchecked(record, since)) return 'payment';
  if (event === 'duration_over' && attendanceUnread(record, since)) return 'attendance';
  if (event === 'end' && record.status === 'in_progress' && attendanceUnread(record, since)) return 'attendance';
  return null;
}

/** The earliest deadline to work off at `now`; a spread T-15 may be worked off early, its rows wait for the due time. */
function dueNow(record: AppointmentRecord, now: number): Deadline | null {
  const ready = pendingDeadlines(record).find(
    ({ event, due }) => (event === 'reminder_due' ? spreadWakeAt(record, due) : due) <= now,
  );
  return ready ?? null;
}

/** Who gets which of T-5's rows is decided when they are claimed, so they can lie ready from T-15 on. */
function canPrepareOpening({ status, paidAt, remindedAt, openedAt, openingPreparedAt }: AppointmentRecord): boolean {
  return (
    status === 'scheduled' && paidAt !== null && remindedAt !== null && openedAt === null && openingPreparedAt === null
  );
}

interface NextEvent {
  event: MessageEvent | Deadline['event'];
  at: number;
  actor: Actor;
  message: StoredMessage | null;
}

/** Whether a message comes before a deadline. At the same instant it does; a join was let in by the clock, so it comes after. */
function isFirst(message: StoredMessage, { event, due }: Deadline): boolean {
  return message.event === 'join' && event !== 'join' ? message.receivedAt < due : message.receivedAt <= due;
}

/**
 * The earlier of the first message and the deadline. Money is the exception: what has arrived while the slot is still
 * held beats the end of the payment window, whose provider would say the same; messages keep their order even then.
 */
function nextEvent(waiting: readonly StoredMessage[], deadline: Deadline | null): NextEvent | null {
  const [message] = waiting;
  const moneyWaits =
    deadline?.event === 'payment_window_over' && waiting.some(({ event }) => event === 'payment_settled');
  if (message !== undefined && (deadline === null || moneyWaits || isFirst(message, deadline))) {
    return { event: message.event, at: message.receivedAt, actor: message.actor, message };
  }
  return deadline === null ? null : { event: deadline.event, at: deadline.due, actor: SYSTEM, message: null };
}

/**
 * Works off everything that has happened up to `now`: stored messages by their arrival and deadlines by their due
 * time, in one order; a message beats a deadline of the same instant. Stops where evidence from outside is needed.
 * Pure: the commit carries the steps out. `messages` must be sorted by arrival.
 */
export function workOff(record: AppointmentRecord, messages: readonly StoredMessage[], now: number): WorkedOff {
  const steps: Step[] = [];
  const waiting = [...messages];
  let current: AppointmentRecord = { ...record, pendingActivationAt: null };
  for (;;) {
    const next = nextEvent(waiting, dueNow(current, now));
    if (next === null) break;
    const needs = needOf(current, next.event, next.at);
    if (needs !== null) return { record: current, steps, needs, prepareOpening: canPrepareOpening(current) };
    const { move, expectedRefundMinor } = next.message ?? {};
    const decision = decide(current, next.event, { at: next.at, actor: next.actor, move, expectedRefundMinor });
    steps.push({ decision, actor: next.actor, messageId: next.message?.id ?? null });
    if (decision.allowed) current = decision.record;
    if (next.message !== null) waiting.shift();
  }
  return { record: current, steps, needs: null, prepareOpening: canPrepareOpening(current) };
}
