import type { Stretch } from './attendance.js';
import type { Policy } from './policy.js';
import type {
  HoldStatus,
  Outcome,
  Participant,
  PaymentMethod,
  PaymentStatus,
  Presence,
  SessionMode,
  Status,
} from './types.js';

/** Everything a decision may look at: one appointment as PostgreSQL has it, instants as epoch milliseconds. */
export interface AppointmentRecord {
  id: string;
  clientId: string;
  therapistId: string;
  status: Status;
  sessionMode: SessionMode;
  startsAt: number;
  endsAt: number;
  durationMinutes: number;
  createdAt: number;
  scheduleVersion: number;
  policy: Policy;
  priceMinor: number;
  currency: string;
  /** When the payment was worked off (not when the provider captured it); null while unpaid. */
  paidAt: number | null;
  payment: { status: PaymentStatus; method: PaymentMethod } | null;
  hold: HoldStatus;
  activatedAt: number | null;
  /** An admin forced the confirmation: T-15 and T-5 fall away. */
  forcedAt: number | null;
  /** T-15 and T-5 worked off, or elapsed before the booking. */
  remindedAt: number | null;
  openedAt: number | null;
  /** The early wake-up of a spread T-5 has ensured the room and written its rows. */
  openingPreparedAt: number | null;
  client: Presence;
  therapist: Presence;
  outcome: Outcome | null;
  /** How often the client has moved it. */
  reschedules: number;
  extendedMinutes: number;
  /** When the therapist was connected to the room; null for chat, and for readers, who need not know. */
  therapistStretches: Stretch[] | null;
  /** A provider object that might have been paid without our knowing: expiry asks the provider first. */
  openProviderPayment: boolean;
  /** The provider was last asked whether money arrived; the room's own record was last read. */
  paymentCheckedAt: number | null;
  attendanceReadAt: number | null;
  /** A stored activation that no commit has come to yet: it beats a deadline after it. */
  pendingActivationAt: number | null;
  /** A room that the vendor has alive, as far as we know. */
  roomAlive: boolean;
}

/** The earlier of the two first joins; null when nobody joined. */
export function firstJoinedAt(record: Pick<AppointmentRecord, Participant>): number | null {
  const { client, therapist } = record;
  if (client.joinedAt === null) return therapist.joinedAt;
  if (therapist.joinedAt === null) return client.joinedAt;
  return Math.min(client.joinedAt, therapist.joinedAt);
}

export function bothCame(record: Pick<AppointmentRecord, Participant>): boolean {
  return record.client.cameAt !== null && record.therapist.cameAt !== null;
}
