import type { ColumnType, Generated } from 'kysely';
import type { MessageEvent, NotificationKind } from '../domain/events.js';
import type { Policy } from '../domain/policy.js';
import type {
  ActorRole,
  OutcomeReason,
  Participant,
  PaymentMethod,
  PaymentStatus,
  Role,
  SessionMode,
  Status,
} from '../domain/types.js';
import type { Encrypted } from './field-cipher.js';
import type { HoursByDate, WeeklyHours } from '../domain/hours.js';
import type { JsonObject, MessageDecision, Rates, WebhookTry } from './json.js';
import type { NotificationPreferences } from '../domain/notification-preferences.js';

/**
 * The tables as Kysely sees them (CamelCasePlugin). db/schema.pg.test.ts compares them with the migrated database.
 */

/** jsonb: read parsed, written as JSON text. */
type Json<T> = ColumnType<T, string, string>;
type JsonDefault<T> = ColumnType<T, string | undefined, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;

interface PersonTable {
  id: Generated<string>;
  subject: string;
  role: Role;
  name: Encrypted;
  email: Encrypted | null;
  phone: Encrypted | null;
  locale: Generated<string>;
  timeZone: Generated<string>;
  createdAt: Generated<Date>;
  kind: Generated<'human' | 'service'>;
  emailIndex: string | null;
  phoneIndex: string | null;
  erasedAt: Date | null;
  phoneVerifiedAt: Date | null;
  smsOptedOutAt: Date | null;
  notificationPreferences: JsonDefault<NotificationPreferences>;
}

interface PhoneCodeTable {
  id: Generated<string>;
  personId: string;
  phone: Encrypted;
  phoneIndex: string;
  codeHash: string;
  attempts: Generated<number>;
  createdAt: Generated<Date>;
  expiresAt: Date;
}

interface CalendarFeedTable {
  personId: string;
  secretHash: string;
  createdAt: Generated<Date>;
}

interface TherapistTable {
  id: string;
  currency: string;
  durationsMinutes: number[];
  rates: Json<Rates>;
  weeklyHours: NullableJson<WeeklyHours>;
  policy: Json<Policy>;
  stripeAccount: string | null;
  exceptions: JsonDefault<HoursByDate>;
  availabilityVersion: Generated<number>;
}

export interface AppointmentTable {
  id: string;
  clientId: string;
  therapistId: string;
  status: Generated<Status>;
  sessionMode: SessionMode;
  startsAt: Date;
  endsAt: Date;
  durationMinutes: number;
  slot: string;
  scheduleVersion: Generated<number>;
  policy: Json<Policy>;
  priceMinor: number;
  currency: string;
  meetingId: string;
  meetingLink: string;
  payBy: Date;
  remindAt: Date;
  opensAt: Date;
  activateBy: Date;
  paidAt: Date | null;
  paidPaymentId: string | null;
  activatedAt: Date | null;
  forcedAt: Date | null;
  remindedAt: Date | null;
  openedAt: Date | null;
  openingPreparedAt: Date | null;
  clientJoinedAt: Date | null;
  clientCameAt: Date | null;
  therapistJoinedAt: Date | null;
  therapistCameAt: Date | null;
  outcomeReason: OutcomeReason | null;
  outcomeBy: ActorRole | null;
  outcomeAt: Date | null;
  paymentCheckedAt: Date | null;
  attendanceReadAt: Date | null;
  reschedules: Generated<number>;
  extendedMinutes: Generated<number>;
  version: Generated<number>;
  createdAt: Date;
  updatedAt: Generated<Date>;
}

interface ReviewTable {
  appointmentId: string;
  rating: number;
  text: Encrypted | null;
  createdAt: Generated<Date>;
}

interface TimelineEntryTable {
  id: Generated<number>;
  appointmentId: string;
  scheduleVersion: number;
  kind: string;
  actorRole: ActorRole;
  actorId: string | null;
  due: Date | null;
  at: Generated<Date>;
  detail: JsonDefault<JsonObject>;
}

export interface PaymentTable {
  id: Generated<string>;
  appointmentId: string | null;
  clientId: string;
  purpose: Generated<'appointment' | 'top_up'>;
  capturedMinor: Generated<number>;
  refundingMinor: Generated<number>;
  refundedMinor: Generated<number>;
  disputedMinor: Generated<number>;
  method: PaymentMethod;
  status: Generated<PaymentStatus>;
  amountMinor: number;
  currency: string;
  providerRef: string | null;
  chargeRef: string | null;
  failureCode: string | null;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

interface ProviderEventTable {
  provider: 'stripe' | 'razorpay' | 'twilio';
  eventId: string;
  type: string;
  paymentId: string | null;
  payload: Json<JsonObject>;
  receivedAt: Generated<Date>;
  handledAt: Date | null;
}

interface AccountTable {
  code: string;
  kind: string;
  ownerId: string | null;
  currency: string;
  balanceMinor: Generated<number>;
  heldMinor: Generated<number>;
}

interface LedgerTransactionTable {
  id: Generated<string>;
  idempotencyKey: string;
  kind: string;
  appointmentId: string | null;
  paymentId: string | null;
  at: Generated<Date>;
}

interface LedgerEntryTable {
  id: Generated<number>;
  transactionId: string;
  account: string;
  currency: string;
  amountMinor: number;
}

interface HoldTable {
  appointmentId: string;
  account: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  status: Generated<'held' | 'settled' | 'voided'>;
  createdAt: Generated<Date>;
  resolvedAt: Date | null;
}

export interface MessageTable {
  id: Generated<string>;
  appointmentId: string;
  kind: MessageEvent;
  actorRole: ActorRole;
  actorId: string | null;
  payload: JsonDefault<JsonObject>;
  receivedAt: Generated<Date>;
  nextAttemptAt: Date | null;
  attempts: Generated<number>;
  deliveredAt: Date | null;
  handledAt: Date | null;
  decision: NullableJson<MessageDecision>;
}

export interface NotificationTable {
  id: Generated<string>;
  appointmentId: string;
  scheduleVersion: number;
  kind: NotificationKind;
  recipientId: string;
  recipientRole: Role;
  channel: 'email' | 'sms' | 'in_app';
  notBefore: Date;
  status: Generated<'pending' | 'sending' | 'sent' | 'skipped' | 'voided' | 'failed'>;
  template: string | null;
  nextAttemptAt: Date;
  attempts: Generated<number>;
  unanswered: Generated<number>;
  claimedAt: Date | null;
  claimedBy: number | null;
  triedAt: Date | null;
  sentAt: Date | null;
  readAt: Date | null;
  providerRef: string | null;
  error: string | null;
  createdAt: Generated<Date>;
  /** 0 for the first time that it happened, counted up for each other one, and each time that it is sent anew. */
  occasion: Generated<number>;
}

interface IdempotencyKeyTable {
  caller: string;
  route: string;
  key: string;
  requestHash: string;
  resourceId: Generated<string>;
  lockedUntil: Date | null;
  responseStatus: number | null;
  responseBody: NullableJson<{ text: Encrypted }>;
  createdAt: Generated<Date>;
}

/** `wanted` and `closing` wait for the relay; `alive` is what the vendor said last. */
export type RoomStatus = 'wanted' | 'alive' | 'closing' | 'closed';

interface RoomTable {
  appointmentId: string;
  mode: SessionMode;
  sid: string | null;
  status: RoomStatus;
  ensuredAt: Date | null;
  closedAt: Date | null;
  nextAttemptAt: Date | null;
  attempts: Generated<number>;
  error: string | null;
}

interface RoomConnectionTable {
  participantSid: string;
  appointmentId: string;
  participant: Participant;
  identity: string;
  connectedAt: Date;
  disconnectedAt: Date | null;
}

interface TherapistLeaseTable {
  therapistId: string;
  appointmentId: string;
  heldUntil: Date;
  takenAt: Generated<Date>;
}

interface WalletLotTable {
  id: Generated<string>;
  account: string;
  kind: 'top_up' | 'payment' | 'refund' | 'promotion';
  paymentId: string | null;
  amountMinor: number;
  remainingMinor: number;
  expiresAt: Date | null;
  createdAt: Generated<Date>;
}

interface LotUseTable {
  appointmentId: string;
  lotId: string;
  amountMinor: number;
}

interface TopUpLimitTable {
  method: 'stripe' | 'razorpay';
  currency: string;
  isEnabled: Generated<boolean>;
  maxMinor: number;
}

export interface RefundTable {
  id: Generated<string>;
  appointmentId: string | null;
  paymentId: string;
  clientId: string;
  amountMinor: number;
  currency: string;
  destination: 'source' | 'wallet';
  reason: string;
  status: Generated<'pending' | 'processing' | 'completed' | 'refused'>;
  providerRef: string | null;
  failureCode: string | null;
  requestedByRole: ActorRole;
  requestedById: string | null;
  nextAttemptAt: Date | null;
  attempts: Generated<number>;
  createdAt: Generated<Date>;
  completedAt: Date | null;
}

interface ForeignRefundTable {
  provider: 'stripe' | 'razorpay';
  providerRef: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  seenAt: Generated<Date>;
  resolvedAt: Date | null;
}

export interface DisputeTable {
  id: Generated<string>;
  provider: 'stripe' | 'razorpay';
  providerRef: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  countedMinor: Generated<number>;
  reason: string | null;
  status: Generated<'inquiry' | 'open' | 'won' | 'lost'>;
  evidenceDueAt: Date | null;
  openedAt: Generated<Date>;
  closedAt: Date | null;
}

interface PayoutBatchTable {
  id: Generated<string>;
  rail: 'csv' | 'stripe_connect';
  currency: string;
  createdBy: string | null;
  nextAttemptAt: Date | null;
  createdAt: Generated<Date>;
}

export interface PayoutTable {
  id: Generated<string>;
  batchId: string;
  therapistId: string;
  amountMinor: number;
  currency: string;
  status: Generated<'pending' | 'sent' | 'failed'>;
  providerRef: string | null;
  failureCode: string | null;
  createdAt: Generated<Date>;
  sentAt: Date | null;
}

interface EarningEntryTable {
  id: Generated<string>;
  therapistId: string;
  appointmentId: string;
  kind: 'session' | 'reversal' | 'carry';
  grossMinor: number;
  feeMinor: number;
  netMinor: number;
  currency: string;
  payableAt: Date;
  frozenBy: string | null;
  payoutId: string | null;
  createdAt: Generated<Date>;
}

interface SignInTable {
  secretHash: string;
  state: string;
  nonce: string;
  codeVerifier: string;
  returnTo: string;
  expiresAt: Date;
}

interface WebSessionTable {
  id: Generated<string>;
  secretHash: string;
  personId: string;
  createdAt: Generated<Date>;
  seenAt: Generated<Date>;
  expiresAt: Date;
  idleMs: number;
  revokedAt: Date | null;
}

interface ServiceTokenTable {
  id: string;
  secretHash: string;
  scopes: string[];
  createdBy: string | null;
  createdAt: Generated<Date>;
  expiresAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

interface LiveEventTable {
  xid: Generated<number>;
  id: Generated<number>;
  at: Generated<Date>;
  kind: 'appointment' | 'payment' | 'refund' | 'notification';
  objectId: string;
  appointmentId: string | null;
  clientId: string | null;
  therapistId: string | null;
  personId: string | null;
  version: number | null;
  status: string;
  changes: string[];
  startsAt: Date | null;
  endsAt: Date | null;
  outcomeReason: string | null;
}

interface EventTicketTable {
  hash: string;
  personId: string;
  expiresAt: Date;
  /** The session that asked for it, or when the bearer token that did expires. */
  sessionId: string | null;
  goodUntil: Date | null;
}

export interface WebhookEndpointTable {
  id: Generated<string>;
  url: string;
  description: string | null;
  types: string[];
  secret: Encrypted;
  previousSecret: Encrypted | null;
  previousUntil: Date | null;
  status: Generated<'enabled' | 'disabled' | 'deleted'>;
  disabledAt: Date | null;
  disabledReason: string | null;
  toldAt: Date | null;
  deliveredAt: Date | null;
  createdBy: string;
  createdAt: Generated<Date>;
}

export interface WebhookDeliveryTable {
  id: Generated<string>;
  endpointId: string;
  messageId: string;
  type: string;
  appointmentId: string | null;
  body: string;
  status: Generated<'pending' | 'delivered' | 'failed' | 'skipped'>;
  attempts: Generated<number>;
  nextAttemptAt: Date | null;
  tries: JsonDefault<WebhookTry[]>;
  deliveredAt: Date | null;
  createdAt: Generated<Date>;
}

interface WebhookPositionTable {
  one: Generated<boolean>;
  snapshot: string;
}

interface NoteTable {
  id: string;
  appointmentId: string | null;
  authorId: string | null;
  text: Encrypted | null;
  createdAt: Generated<Date>;
}

interface AuditEntryTable {
  id: Generated<number>;
  at: Generated<Date>;
  actorRole: ActorRole;
  actorId: string | null;
  action: string;
  objectType: string;
  objectId: string | null;
  subjectId: string | null;
  requestId: string | null;
}

/** As rate-limiter-flexible keeps it; `expire` in epoch ms. */
interface RateLimitTable {
  key: string;
  points: Generated<number>;
  expire: number | null;
}

interface StickyQueueTable {
  name: string;
  relayId: number;
  taskQueue: string;
}

export interface DB {
  stickyQueue: StickyQueueTable;
  rateLimit: RateLimitTable;
  signIn: SignInTable;
  webSession: WebSessionTable;
  serviceToken: ServiceTokenTable;
  liveEvent: LiveEventTable;
  eventTicket: EventTicketTable;
  webhookEndpoint: WebhookEndpointTable;
  webhookDelivery: WebhookDeliveryTable;
  webhookPosition: WebhookPositionTable;
  note: NoteTable;
  auditEntry: AuditEntryTable;
  walletLot: WalletLotTable;
  lotUse: LotUseTable;
  topUpLimit: TopUpLimitTable;
  refund: RefundTable;
  foreignRefund: ForeignRefundTable;
  dispute: DisputeTable;
  payoutBatch: PayoutBatchTable;
  payout: PayoutTable;
  earningEntry: EarningEntryTable;
  person: PersonTable;
  therapist: TherapistTable;
  appointment: AppointmentTable;
  review: ReviewTable;
  timelineEntry: TimelineEntryTable;
  payment: PaymentTable;
  providerEvent: ProviderEventTable;
  account: AccountTable;
  ledgerTransaction: LedgerTransactionTable;
  ledgerEntry: LedgerEntryTable;
  hold: HoldTable;
  message: MessageTable;
  notification: NotificationTable;
  phoneCode: PhoneCodeTable;
  calendarFeed: CalendarFeedTable;
  idempotencyKey: IdempotencyKeyTable;
  room: RoomTable;
  roomConnection: RoomConnectionTable;
  therapistLease: TherapistLeaseTable;
}
