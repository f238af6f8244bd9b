import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RefusalCode } from '../domain/refusals.js';
import type {
  Actor,
  HoldStatus,
  Outcome,
  Participant,
  PaymentMethod,
  PaymentStatus,
  SessionMode,
  Status,
} from '../domain/types.js';

/** Names, inputs and answers of everything that is said to an appointment's workflow. Instants in epoch ms. */

export const APPOINTMENT_WORKFLOW = 'appointment';

/** The workflow's id; the appointment's id is minted before the first call, so that a retry meets the same workflow. */
export function appointmentWorkflowId(appointmentId: string): string {
  return `appointment-${appointmentId}`;
}

export interface AppointmentInput {
  appointmentId: string;
  /** A live row whose workflow is gone: go on from the row instead of waiting for a booking. */
  resume?: boolean;
}

export interface BookInput {
  clientId: string;
  therapistId: string;
  startsAt: number;
  durationMinutes: number;
  sessionMode: SessionMode;
}

/** Input of the updates beside `book`. `requestId` (uuid) is fixed by the caller: a repeat gets the first decision. */
export interface RequestInput {
  requestId: string;
  actor: Actor;
  reason?: string;
  details?: RequestDetails;
}

/** What a change of plan asks for. Money in minor units, instants in epoch ms. */
export interface RequestDetails {
  /** cancel: only the client may ask for the wallet. */
  refundTo?: 'source' | 'wallet';
  /** cancel: what the quote said; another amount is refused `quote_changed`. */
  expectedRefundMinor?: number;
  /** reschedule: the new start. */
  startsAt?: number;
  /** extend: how many minutes more. */
  minutes?: number;
}

/** The appointment as the workflow knows it: what its last commit returned, without names or secrets. */
export interface Snapshot {
  appointmentId: string;
  version: number;
  status: Status;
  sessionMode: SessionMode;
  startsAt: number;
  endsAt: number;
  payment: { status: PaymentStatus; method: PaymentMethod } | null;
  paid: boolean;
  activated: boolean;
  hold: HoldStatus;
  /** When each first joined; null while they have not. */
  joined: Record<Participant, number | null>;
  /**
   * Only in histories of before 1.1, whose workflows made and closed the room by activities of their own. Since then
   * rooms wait in rows like every other effect (docs/adr/0003), and these two are never set.
   */
  roomAlive?: boolean;
  ensureRoom?: boolean;
  /** A provider object of ours that somebody might still pay. */
  openPayment: boolean;
  outcome: Outcome | null;
  /** The next deadline the workflow sleeps for. */
  next: { event: string; due: number; inMs: number } | null;
  /** Evidence that must be asked outside before the next step. */
  needs: 'payment' | 'attendance' | null;
  /** Messages decided by the commit this snapshot came from. */
  decided: { id: string; code: RefusalCode | null }[];
}

/** Answer of `getState`: the workflow's own view, for the live route, the command line and the Temporal UI. */
export interface WorkflowState {
  status: Status | 'booking';
  waitingFor: string[];
  nextDeadline: { event: string; due: string } | null;
  snapshot: Snapshot | null;
  /** Refusals of raw signals, the newest last. */
  refused: { at: string; code: RefusalCode; said: string }[];
  /** Somebody asked to cancel from the Temporal UI; it is noted and ignored. */
  cancelRequested: boolean;
}

export type DecisionState = 'unknown' | 'pending' | { ok: true } | { ok: false; code: RefusalCode };

/** Update-With-Start: there is no row without a workflow nor the reverse. Refusal: ApplicationFailure of the code's type. */
export const book = defineUpdate<Snapshot, [BookInput]>('book');
export const endSession = defineUpdate<Snapshot, [RequestInput]>('endSession');
export const forceConfirm = defineUpdate<Snapshot, [RequestInput]>('forceConfirm');
export const cancelAppointment = defineUpdate<Snapshot, [RequestInput]>('cancelAppointment');
export const rescheduleAppointment = defineUpdate<Snapshot, [RequestInput]>('rescheduleAppointment');
export const extendSession = defineUpdate<Snapshot, [RequestInput]>('extendSession');
export const deactivate = defineUpdate<Snapshot, [RequestInput]>('deactivate');

/** Signals carry the stored message's id, `{ messageId }`; anything else is parsed as unknown and harms nothing. */
export interface StoredSignal {
  messageId: string;
}
export const paymentSettled = defineSignal<[unknown?]>('paymentSettled');
/** By hand from the Temporal UI: `{ "reason": "..." }`; the actor is then `operator`. */
export const activate = defineSignal<[unknown?]>('activate');
export const participantJoined = defineSignal<[unknown?]>('participantJoined');
export const participantLeft = defineSignal<[unknown?]>('participantLeft');

export const getState = defineQuery<WorkflowState>('getState');
export const getDecision = defineQuery<DecisionState, [string]>('getDecision');

/** Which signal carries which stored message. */
export const SIGNAL_OF_MESSAGE = {
  payment_settled: 'paymentSettled',
  activate: 'activate',
  join: 'participantJoined',
  leave: 'participantLeft',
} as const;
