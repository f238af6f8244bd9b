import { randomUUID } from 'node:crypto';
import type { VendorName } from '../calls.js';
import { assertLoopback, isLoopback } from '../loopback.js';
import type { Collection, Store } from '../store.js';
import type { DeliveryState, Destinations, WebhookDelivery, WebhookMode } from './delivery.js';
import { signedHeaders } from './signing.js';

/** Waits between tries, in milliseconds; the last one repeats. Vendors take hours, a development stack has none. */
const BACKOFF_MS = [200, 500, 1000, 2000, 3000, 5000, 10_000];
const MAX_TRIES = 20;
const ANSWER_WITHIN_MS = 10_000;
const REORDER_WINDOW_MS = 150;
const FINISHED_KEPT = 2000;

export interface OutgoingWebhook {
  provider: VendorName;
  eventId: string;
  type: string;
  body: string;
  /** Twilio's per-room callback. */
  url?: string;
}

/** Sends webhooks, signed, and again until they are answered with 2xx. What is undelivered survives in the store. */
export class WebhookDispatcher {
  readonly #deliveries: Collection<WebhookDelivery>;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #abort = new AbortController();
  readonly #modes = new Map<VendorName, WebhookMode>();
  readonly #shuffled: string[] = [];
  #destinations: Destinations = {};
  #closed = false;

  constructor(store: Store) {
    this.#deliveries = store.collection<WebhookDelivery>('webhooks');
  }

  /** Sends what an earlier process left undelivered. */
  resume(): void {
    for (const { id, state } of this.#deliveries.values()) if (state === 'pending') this.#schedule(id, 0);
  }

  /** @throws Error when a URL isn't on this machine. An absent name keeps its destination. */
  setDestinations(destinations: Destinations): void {
    for (const url of Object.values(destinations)) if (url) assertLoopback(url);
    this.#destinations = { ...this.#destinations, ...destinations };
  }

  /** Sets the mode of one vendor, or of all, replacing the one before. */
  setMode(provider: VendorName | undefined, mode: WebhookMode): void {
    const providers: VendorName[] = provider ? [provider] : ['stripe', 'razorpay', 'twilio'];
    for (const each of providers) this.#modes.set(each, mode);
  }

  enqueue(webhook: OutgoingWebhook): void {
    const mode = this.#modes.get(webhook.provider) ?? {};
    const state = this.#initialState(webhook, mode);
    const copies = 1 + (mode.duplicates ?? 0);
    for (let copy = 0; copy < copies; copy += 1) {
      const id = randomUUID();
      const { provider, eventId, type, body, url = null } = webhook;
      const createdAt = new Date().toISOString();
      this.#deliveries.put(id, { id, provider, eventId, type, url, body, state, attempts: [], createdAt });
      if (state !== 'pending') continue;
      if (mode.reorder) this.#shuffle(id);
      else this.#schedule(id, 0);
    }
  }

  /** Releases what is held and sends at once what waits for another try or was given up. Answers how many. */
  flush(): number {
    const waiting = this.#deliveries.values().filter(({ state }) => ['held', 'failed', 'pending'].includes(state));
    this.#clearTimers();
    this.#shuffled.length = 0;
    for (const { id } of waiting) {
      this.#deliveries.change(id, { state: 'pending' });
      this.#schedule(id, 0);
    }
    return waiting.length;
  }

  list(): WebhookDelivery[] {
    return this.#deliveries.values();
  }

  /** Forgets modes and timers; the store's objects are cleared by its owner. */
  reset(): void {
    this.#clearTimers();
    this.#modes.clear();
    this.#shuffled.length = 0;
  }

  close(): void {
    this.#closed = true;
    this.#clearTimers();
    this.#abort.abort();
  }

  #initialState({ provider, url }: OutgoingWebhook, mode: WebhookMode): DeliveryState {
    if (mode.drop) return 'dropped';
    const target = this.#target(provider, url ?? null);
    if (!target || !isLoopback(target)) return 'skipped';
    return mode.hold ? 'held' : 'pending';
  }

  #target(provider: VendorName, url: string | null): string | null {
    return url ?? (provider === 'twilio' ? null : (this.#destinations[provider] ?? null));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #after(ms: number, run: () => Promise<void>): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void run();
    }, ms);
    this.#timers.add(timer);
  }

  #schedule(id: string, ms: number): void {
    this.#after(ms, () => this.#send(id));
  }

  #shuffle(id: string): void {
    this.#shuffled.push(id);
    if (this.#shuffled.length > 1) return;
    this.#after(REORDER_WINDOW_MS, async () => {
      for (const each of this.#shuffled.splice(0).toReversed()) await this.#send(each);
    });
  }

  async #send(id: string): Promise<void> {
    const delivery = this.#deliveries.get(id);
    if (!delivery || delivery.state !== 'pending') return;
    const url = this.#target(delivery.provider, delivery.url);
    // Left by an earlier process, and nobody has said where to yet.
    if (!url) return this.#schedule(id, BACKOFF_MS.at(-1) ?? 0);
    const at = new Date().toISOString();
    const { status, error } = await this.#post(delivery, url);
    if (this.#closed || !this.#deliveries.get(id)) return;
    const attempts = [...delivery.attempts, { at, status, error }];
    const delivered = status !== null && status >= 200 && status < 300;
    const state = delivered ? 'delivered' : attempts.length >= MAX_TRIES ? 'failed' : 'pending';
    this.#deliveries.change(id, { attempts, state });
    if (state === 'pending') this.#schedule(id, BACKOFF_MS[attempts.length - 1] ?? BACKOFF_MS.at(-1) ?? 0);
    else this.#forgetOld();
  }

  async #post(delivery: WebhookDelivery, url: string): Promise<{ status: number | null; error: string | null }> {
    try {
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
      const headers = signedHeaders(delivery, url);
      const answer = await fetch(url, { method: 'POST', headers, body: delivery.body, signal, redirect: 'manual' });
      await answer.arrayBuffer();
      return { status: answer.status, error: null };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { status: null, error: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  #forgetOld(): void {
    if (this.#deliveries.size < FINISHED_KEPT * 2) return;
    const finished = this.#deliveries.values().filter(({ state }) => state !== 'pending' && state !== 'held');
    for (const { id } of finished.slice(0, -FINISHED_KEPT)) this.#deliveries.delete(id);
  }
}
