import type { CallLog, VendorCall, VendorName } from '../calls.js';
import type { FaultRule, FaultTable } from '../faults.js';
import type { Mailbox, ReceivedMail } from '../mailbox.js';
import type { RazorpayModel } from '../razorpay/model.js';
import type { Store } from '../store.js';
import type { StripeModel } from '../stripe/model.js';
import type { StoredMessage, TwilioMessages } from '../twilio/messages.js';
import type { TwilioRooms } from '../twilio/rooms.js';
import type { WebhookDelivery, WebhookMode } from '../webhooks/delivery.js';
import type { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { DisputeControl } from './disputes.js';
import { PaymentControl } from './payments.js';
import { RefundControl } from './refunds.js';
import { RoomControl } from './rooms.js';

export interface ControlParts {
  store: Store;
  calls: CallLog;
  faults: FaultTable;
  webhooks: WebhookDispatcher;
  stripe: StripeModel;
  razorpay: RazorpayModel;
  rooms: TwilioRooms;
  messages: TwilioMessages;
  mailbox: Mailbox;
  payUrl: (ref: string) => string;
}

/** What the control API under `/_sandbox` offers, for callers in the same process. */
export class SandboxControl {
  readonly payments: PaymentControl;
  readonly disputes: DisputeControl;
  readonly refunds: RefundControl;
  readonly rooms: RoomControl;
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.payments = new PaymentControl(parts.stripe, parts.razorpay, parts.payUrl);
    this.disputes = new DisputeControl(parts.stripe, parts.razorpay);
    this.refunds = new RefundControl(parts.stripe, parts.razorpay);
    this.rooms = new RoomControl(parts.rooms);
  }

  /** Vendor calls after the given `seq`. */
  calls(since = 0): VendorCall[] {
    return this.#parts.calls.since(since);
  }

  addFault(rule: FaultRule): void {
    this.#parts.faults.add(rule);
  }

  faults(): FaultRule[] {
    return this.#parts.faults.list();
  }

  clearFaults(): void {
    this.#parts.faults.clear();
  }

  /** Replaces how webhooks leave, of one vendor or of all; `{}` is the ordinary way again. */
  setWebhookMode(mode: WebhookMode & { provider?: VendorName }): void {
    const { provider, ...rest } = mode;
    this.#parts.webhooks.setMode(provider, rest);
  }

  /** Releases held webhooks and retries waiting and failed ones at once. Answers how many. */
  flushWebhooks(): number {
    return this.#parts.webhooks.flush();
  }

  webhooks(): WebhookDelivery[] {
    return this.#parts.webhooks.list();
  }

  sms(): StoredMessage[] {
    return this.#parts.messages.list();
  }

  /** Somebody answers by SMS; it goes to `url`, as the number is set up at Twilio. */
  receiveSms(sms: { from: string; body: string; url: string }): { messageId: string } {
    return this.#parts.messages.receive(sms);
  }

  mail(): ReceivedMail[] {
    return this.#parts.mailbox.list();
  }

  /** Forgets every object, call, fault and mode; keeps the OpenID keys and the webhook destinations. */
  reset(): void {
    const { store, calls, faults, webhooks } = this.#parts;
    faults.clear();
    this.refunds.clearPlans();
    webhooks.reset();
    calls.clear();
    store.clear(['oidc_keys', 'oidc']);
  }
}
