import { stripeId, unixNow } from '../ids.js';
import type { Collection, Store } from '../store.js';
import type { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { API_VERSION } from './objects.js';

export interface StripeEvent {
  id: string;
  object: 'event';
  type: string;
  created: number;
  data: { object: object };
  [field: string]: unknown;
}

/** Stripe's event log: every event is kept for `GET /v1/events` and sent to the webhook endpoint. */
export class StripeEvents {
  readonly #events: Collection<StripeEvent>;

  constructor(
    store: Store,
    private readonly webhooks: WebhookDispatcher,
  ) {
    this.#events = store.collection<StripeEvent>('stripe_events');
  }

  /** Records the event with the object as it is now. */
  emit(type: string, object: object): void {
    const event: StripeEvent = {
      id: stripeId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: unixNow(),
      data: { object: structuredClone(object) },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
    };
    this.#events.put(event.id, event);
    this.webhooks.enqueue({ provider: 'stripe', eventId: event.id, type, body: JSON.stringify(event, null, 2) });
  }

  get(id: string): StripeEvent | undefined {
    return this.#events.get(id);
  }

  list(): StripeEvent[] {
    return this.#events.values();
  }
}
