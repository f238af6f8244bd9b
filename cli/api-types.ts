import type { HoldStatus, PaymentMethod, PaymentStatus, SessionMode, Status } from '../domain/types.js';

/** What the command line reads of the API's answers; instants are RFC 3339 text. */

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface JoinView {
  canJoin: boolean;
  code: string | null;
  message: string;
  opensAt: string;
}

export interface AppointmentView {
  id: string;
  status: Status;
  sessionMode: SessionMode;
  startsAt: string;
  endsAt: string;
  durationMinutes: number;
  meetingLink: string;
  client: { id: string; name: string };
  therapist: { id: string; name: string };
  price: { amountMinor: number; currency: string };
  payment: { status: PaymentStatus; method: PaymentMethod } | null;
  isActivatedByAdmin: boolean;
  attendance: Record<'client' | 'therapist', { joinedAt: string | null; cameAt: string | null }>;
  outcome: { reason: string; by: string; at: string } | null;
  deciding: boolean;
  payBy: string;
  hold: HoldStatus;
  policy: { minuteMs: number; platformFeeBps: number; lateCancellationBps: number };
  refunds: { amountMinor: number; to: 'source' | 'wallet'; status: string }[];
  serverNow: string;
}

export interface TimelineItem {
  kind: string;
  actor: { role: string; id: string | null };
  due: string | null;
  at: string;
  detail: Record<string, unknown>;
}

/** What is still to come. */
export interface TimelineNext {
  event: string;
  due: string;
}

export interface TimelineView {
  /** Oldest first. */
  entries: TimelineItem[];
  upcoming: TimelineNext[];
}

export interface Me {
  id: string;
  name: string;
}

export interface PaymentView {
  id: string;
  status: PaymentStatus;
  failureCode: string | null;
  stripe?: { clientSecret: string };
  razorpay?: { orderId: string };
}

export interface JoinAnswer {
  mode: SessionMode;
  room: { name: string };
  token: string;
}

export interface WalletView {
  currency: string;
  balanceMinor: number;
  heldMinor: number;
  availableMinor: number;
}

export interface EarningView {
  appointmentId: string;
  currency: string;
  grossMinor: number;
  feeMinor: number;
  netMinor: number;
}

export interface NotificationView {
  id: string;
  appointmentId: string;
  /** What happened. */
  kind: string;
  /** What was said of it, decided as it was sent. */
  template: string | null;
}

/** What a cancel now would charge and return. */
export interface QuoteView {
  chargeMinor: number;
  refundMinor: number;
  currency: string;
  rule: string;
}

/** One line of a posted transaction: signed minor units. */
export interface LedgerEntryView {
  /** `kind:owner:currency` */
  account: string;
  accountKind: string;
  ownerId: string | null;
  amountMinor: number;
  currency: string;
}

/** Everything the ledger says of one appointment. */
export interface LedgerView {
  transactions: { id: string; kind: string; at: string; paymentId: string | null; entries: LedgerEntryView[] }[];
  refunds: { id: string; amountMinor: number; currency: string; to: 'source' | 'wallet'; status: string }[];
  disputes: { id: string; amountMinor: number; currency: string; status: string }[];
}

/** The proof of the money's invariants, and where a provider's objects differ from ours. */
export interface LedgerCheckView {
  rules: { rule: string; ok: boolean }[];
  providers: {
    provider: string;
    unreachable: string | null;
    compared: number;
    differences: { kind: string; providerRef: string | null; paymentId: string | null }[];
  }[];
}
