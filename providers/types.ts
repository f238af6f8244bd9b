import type { PaymentLister } from './listing-types.js';
import type { RefundGateway, RefundNotice } from './refund-types.js';

/**
 * What the service asks of payment, video, chat, SMS and mail vendors, in its own words. One adapter a vendor
 * implements these; nothing outside providers/ knows an SDK.
 */

export type ProviderName = 'stripe' | 'razorpay' | 'twilio' | 'smtp';

/**
 * The one error an adapter throws. `retryable` says whether a repeat with the same key may succeed; a final one
 * carries the vendor's own code (`card_declined`, `21610`). Never carries a secret or a raw SDK object.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  constructor(
    readonly provider: ProviderName,
    readonly code: string,
    message: string,
    readonly retryable: boolean,
    readonly httpStatus: number | null = null,
    /** True when the vendor may have done it all the same: no answer came after it was asked. */
    readonly unanswered = false,
  ) {
    super(message);
  }
}

/** Integer minor units and an upper-case ISO 4217 code. */
export interface ProviderMoney {
  amountMinor: number;
  currency: string;
}

export type ProviderPaymentStatus =
  | 'open' // waits for the payer
  | 'requires_action' // 3-D Secure
  | 'processing'
  | 'authorized' // Razorpay: not ours until captured
  | 'succeeded' // captured: the money is ours
  | 'failed' // this attempt failed; the object may still be paid
  | 'canceled'; // can never be paid any more

/** A payment object at the provider (Stripe PaymentIntent, Razorpay order with its payments). */
export interface ProviderPayment {
  /** PaymentIntent id or order id: what we stored as the payment's `providerRef`. */
  providerRef: string;
  status: ProviderPaymentStatus;
  /** What arrived (`amount_received`, captured amount) when succeeded, else what is asked for. */
  money: ProviderMoney;
  /** Charge id or Razorpay payment id; null until there is one. */
  chargeRef: string | null;
  /** Our payment id, from the object's metadata or notes; null on an object that isn't ours. */
  paymentId: string | null;
  /** The vendor's decline or error code of the latest attempt. */
  failureCode: string | null;
}

/** What the browser needs to go on with a checkout. Never stored. */
export type Checkout =
  | { method: 'stripe'; clientSecret: string; publishableKey: string }
  | { method: 'razorpay'; orderId: string; keyId: string };

export interface CheckoutRequest {
  /** Our payment row's id (uuid): goes into metadata/notes, and is the idempotency key (`receipt` at Razorpay). */
  paymentId: string;
  /** Null for a top-up of a wallet. */
  appointmentId: string | null;
  clientId: string;
  money: ProviderMoney;
  description: string;
}

/** A payer's bank takes money back, or threatens to. */
export interface ProviderDispute {
  /** Dispute id: stays the same from the first notice to the decision. */
  disputeRef: string;
  /** `inquiry`: the bank asks, no money has moved. `won` and `lost` are for us; an inquiry that came to nothing is won. */
  status: 'inquiry' | 'open' | 'won' | 'lost';
  /** What is disputed: all of the charge or a part. */
  money: ProviderMoney;
  /** The vendor's own word (`fraudulent`, `goods_not_received`). */
  reason: string | null;
  /** Until when evidence is taken; null when none is. */
  evidenceDueAt: Date | null;
  /** PaymentIntent or order id: what we stored as the payment's `providerRef`. */
  paymentRef: string | null;
  /** Charge id or Razorpay payment id. */
  chargeRef: string;
  /** Our payment id, from the payment object's metadata or notes where the vendor gave them along. */
  paymentId: string | null;
}

/** A verified webhook, reduced to what the service acts upon. */
export interface ProviderPaymentEvent {
  provider: 'stripe' | 'razorpay';
  /** Unique per provider: Stripe's event id, Razorpay's `x-razorpay-event-id`. */
  eventId: string;
  type: string;
  /** The payment object it is about, when it is about one. */
  payment: ProviderPayment | null;
  /** Whose refunds have changed, when it is about one. */
  refund: RefundNotice | null;
  /** What the event says of a dispute; events come in any order, so fetchDispute has the last word. */
  dispute: ProviderDispute | null;
  occurredAt: Date;
  /** The parsed JSON body, for the inbox row. */
  payload: unknown;
}

export interface PaymentGateway extends RefundGateway, PaymentLister {
  readonly provider: 'stripe' | 'razorpay';
  /** Creates (or, with the same paymentId, meets again) the provider's object. */
  openCheckout(request: CheckoutRequest): Promise<{ providerRef: string; checkout: Checkout }>;
  /** The checkout of an object that exists, to resume it; secrets are fetched anew. */
  resumeCheckout(providerRef: string): Promise<Checkout>;
  fetchPayment(providerRef: string): Promise<ProviderPayment>;
  /**
   * Makes the object unpayable where the provider can (Stripe), and answers with its state afterwards: `succeeded`
   * when the money won the race. A Razorpay order can't be cancelled: there it is a fetch.
   */
  cancelPayment(providerRef: string): Promise<ProviderPayment>;
  /** Captures an authorised payment (Razorpay); reads before it writes, "already captured" is success. */
  capturePayment(providerRef: string): Promise<ProviderPayment>;
  fetchDispute(disputeRef: string): Promise<ProviderDispute>;
  /**
   * Verifies the signature over the raw body in constant time and parses.
   * @throws ProviderError code `signature_invalid` (not retryable), or `body_unreadable`.
   */
  parseWebhook(rawBody: string, headers: Headers): Promise<ProviderPaymentEvent>;
}

/** Razorpay's checkout hands a signature to the browser; true when it is genuine. Constant time. */
export interface CheckoutSignature {
  verifyCheckoutSignature(input: { orderId: string; paymentId: string; signature: string }): boolean;
}

export type RoomMode = 'video' | 'audio' | 'chat';

/** A room that is alive at the vendor. `sid` is RM... for video and audio, CH... for chat. */
export interface Room {
  sid: string;
  mode: RoomMode;
}

/** A participant's connection as the vendor tells it. `identity` is what we put into the token. */
export interface RoomConnection {
  participantSid: string;
  identity: string;
  connectedAt: Date;
  disconnectedAt: Date | null;
}

export type RoomEvent =
  | {
      type: 'participant_connected' | 'participant_disconnected';
      roomSid: string;
      uniqueName: string;
      participantSid: string;
      identity: string;
      at: Date;
    }
  | { type: 'room_created' | 'room_ended'; roomSid: string; uniqueName: string; at: Date }
  | { type: 'other'; name: string };

export interface RoomProvider {
  /** Creates, or fetches and adopts, the room of this unique name (53113 and 50353 mean adopt). */
  ensureRoom(request: { uniqueName: string; mode: RoomMode; statusCallback: string }): Promise<Room>;
  /** Completes a video room, closes a conversation (read-only). Closing a closed one is success. */
  closeRoom(room: Room): Promise<void>;
  /** True when the vendor says the room is in progress (video) or active (chat). */
  isAlive(room: Room): Promise<boolean>;
  /** Every connection the room ever had, with its times. Empty for chat. */
  readConnections(room: Room): Promise<RoomConnection[]>;
  /** Ends one connection (an old one, when its person connects anew). A gone one is success. */
  dropConnection(room: Room, participantSid: string): Promise<void>;
  /** Adds the identity to a conversation (50433 and the like: already there is success). No-op for video, audio. */
  addToChat(room: Room, identity: string): Promise<void>;
  /** Signs a token locally; no call to the vendor. `identity` <= 128 characters. */
  signToken(request: { identity: string; mode: RoomMode; uniqueName: string; ttlSeconds: number; now: Date }): string;
  /** Verifies X-Twilio-Signature over `publicUrl` and the form's parameters. @throws ProviderError `signature_invalid` */
  parseWebhook(publicUrl: string, form: Record<string, string>, signature: string | null): RoomEvent;
}

export interface SmsProvider {
  /**
   * Sends once. SMS has no idempotency key: `mark`, a part of `body`, names the message and is the same at every try,
   * whatever else the text says by then; `lookForEarlierSince` asks the vendor first whether a text with it already went
   * to this number since then.
   */
  sendSms(message: {
    to: string;
    body: string;
    mark: string;
    lookForEarlierSince: Date | null;
  }): Promise<{ ref: string }>;
}

/** A text/calendar part (RFC 5546): what it asks the recipient's calendar to do, and the text. */
export interface CalendarPart {
  method: 'REQUEST' | 'CANCEL';
  content: string;
}

export interface MailProvider {
  /** The address that mail comes from, without its name. */
  readonly sender: string;
  /**
   * `kind` goes into the header X-Punctual-Kind. `messageId` is fixed per notification, so that a repeat can be
   * recognised by the recipient's mail server. `handingOver` is called when the server is ready for the message, before
   * any of it is sent; when it rejects, nothing is.
   */
  sendMail(message: {
    to: string;
    subject: string;
    text: string;
    html?: string;
    calendar?: CalendarPart | null;
    kind: string;
    messageId: string;
    handingOver?: () => Promise<void>;
  }): Promise<{ ref: string }>;
  /** Closes the connections that are kept open; nothing is sent afterwards. */
  close(): void;
}
