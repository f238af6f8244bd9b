import type { VendorName } from '../calls.js';

export interface DeliveryAttempt {
  /** ISO 8601, UTC. */
  at: string;
  /** HTTP status of the receiver's answer; null when there was none. */
  status: number | null;
  error: string | null;
}

/**
 * `pending`: to be sent, or sent again. `held`: waits for a flush. `delivered`: answered with 2xx. `dropped`: lost on
 * purpose. `skipped`: nobody was subscribed. `failed`: given up after the last try.
 */
export type DeliveryState = 'pending' | 'held' | 'delivered' | 'dropped' | 'skipped' | 'failed';

/** One webhook to one receiver, with what became of it. A duplicate is a delivery of its own with the same `eventId`. */
export interface WebhookDelivery {
  id: string;
  provider: VendorName;
  eventId: string;
  type: string;
  /** Fixed for Twilio (the room's StatusCallback); null for the others, whose destination is looked up when sending. */
  url: string | null;
  /** JSON text for Stripe and Razorpay, the encoded form for Twilio: sent byte for byte at every try. */
  body: string;
  state: DeliveryState;
  attempts: DeliveryAttempt[];
  createdAt: string;
}

/** How webhooks leave. Everything is off by default. */
export interface WebhookMode {
  /** Further copies of each webhook, sent at the same time. */
  duplicates?: number;
  /** Webhooks of the same moment (150 ms) leave in reverse order, one after the other. */
  reorder?: boolean;
  /** Webhooks wait until a flush. */
  hold?: boolean;
  /** Webhooks are lost. */
  drop?: boolean;
}

/** Where Stripe's and Razorpay's dashboards would point to. */
export interface Destinations {
  stripe?: string;
  razorpay?: string;
}
