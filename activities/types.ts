import type { Actor } from '../domain/types.js';
import type { RefusalCode } from '../domain/refusals.js';
import type { MessageEvent } from '../domain/events.js';
import type { BookInput, RequestDetails, Snapshot } from '../workflows/messages.js';

/** What the workflow asks of the outside. Types only: workflows import these, activities implement them. */

export type BookAnswer = { refused: RefusalCode } | { snapshot: Snapshot };

/** `snapshot` is null where there is no such appointment; `decision` is the request's, null while evidence is awaited. */
export interface CommitAnswer {
  snapshot: Snapshot | null;
  decision: { ok: true } | { ok: false; code: RefusalCode } | null;
}

export interface CommitInput {
  appointmentId: string;
  request?: { id: string; kind: MessageEvent; actor: Actor; reason?: string; details?: RequestDetails };
}

/** What the provider says of a refund; `refused` is for good. Codes and opaque ids alone: it stays in the history. */
export interface RefundAnswer {
  status: 'pending' | 'succeeded' | 'refused';
  providerRef: string | null;
  failureCode: string | null;
}

export interface RefundRecordActivities {
  /** Writes down the answer (null only asks), once, and says how the refund stands. */
  settleRefund(input: { refundId: string; answer: RefundAnswer | null }): Promise<{
    status: 'pending' | 'processing' | 'completed' | 'refused';
    failureCode: string | null;
  }>;
}

export interface RefundSendingActivities {
  /** Sends the refund, or looks how it stands; null when it is settled already. Retried without end. */
  sendRefund(refundId: string): Promise<RefundAnswer | null>;
}

/** Short writes to our own database: run as local activities. */
export interface RecordActivities {
  bookAppointment(input: BookInput & { appointmentId: string }): Promise<BookAnswer>;
  commitAppointment(input: CommitInput): Promise<CommitAnswer>;
}

/** Calls to vendors: ordinary activities on the providers' task queue. Each may be repeated without harm. */
export interface ProviderActivities {
  ensureRoom(appointmentId: string): Promise<void>;
  closeRoom(appointmentId: string): Promise<void>;
  /** Reads the room's own record of who came. */
  readAttendance(appointmentId: string): Promise<void>;
  /** The room's record can't be read: the join calls count. */
  assumeAttendance(appointmentId: string): Promise<void>;
  /** Asks the provider whether money arrived, and makes its open objects unpayable where it can. */
  askProviderForMoney(appointmentId: string): Promise<void>;
}
