import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import type { WebhookTry } from '../db/json.js';
import { claimDeliveries, type ClaimedDelivery, recordLastTry, recordTry, unclaim } from '../db/webhook-deliveries.js';
import { webhookPause } from '../domain/webhook-types.js';
import type { WebhookAnswer, WebhookSender } from '../providers/webhook-sender.js';

export interface WebhookRelayDependencies {
  db: Db;
  webhooks: WebhookSender;
  log: Logger;
  /** Pauses between tries; the domain's when left out. */
  retriesMs?: readonly number[];
}

/** Messages on their way to one receiver at once. */
const OF_EACH = 4;
const GONE = 410;
/** Nothing is sent that its receiver could not verify. */
const UNSIGNED: WebhookAnswer = { status: null, error: 'its secret can’t be decrypted', answer: null };

/** Hands over what is due, each receiver at its own pace: the slow ones hold nobody up. */
export class WebhookRelay {
  private readonly underWay = new Set<Promise<void>>();
  private readonly busy = new Map<string, number>();
  private readonly stopping = new AbortController();

  constructor(private readonly deps: WebhookRelayDependencies) {}

  /** Begins with what is due, and does not wait for it. @returns how many were claimed */
  async relay(): Promise<number> {
    const busy = [...this.busy].filter(([, count]) => count >= OF_EACH).map(([endpointId]) => endpointId);
    const claimed = await claimDeliveries(this.deps.db, { ofEach: OF_EACH, busy });
    for (const delivery of claimed) this.begin(delivery);
    return claimed.length;
  }

  /** Breaks off what is under way: others take it up at once. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.underWay);
  }

  private begin(delivery: ClaimedDelivery): void {
    const { endpointId } = delivery;
    this.busy.set(endpointId, (this.busy.get(endpointId) ?? 0) + 1);
    const done = this.deliver(delivery)
      .catch((error: unknown) => {
        const { id: deliveryId } = delivery;
        this.deps.log.warn({ deliveryId, error: String(error) }, 'a webhook’s try could not be written down');
      })
      .finally(() => {
        this.underWay.delete(done);
        const left = this.busy.get(endpointId)! - 1;
        if (left === 0) this.busy.delete(endpointId);
        else this.busy.set(endpointId, left);
      });
    this.underWay.add(done);
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    const { db, webhooks } = this.deps;
    const { url, messageId: id, body, secrets } = delivery;
    const at = new Date();
    const answer =
      secrets.length === 0 ? UNSIGNED : await webhooks.send({ url, id, body, secrets }, this.stopping.signal);
    const wasBrokenOff = this.stopping.signal.aborted && answer.status === null;
    if (wasBrokenOff) return unclaim(db, delivery);
    await this.record(delivery, { ...answer, at: at.toISOString(), tookMs: Date.now() - at.getTime() });
  }

  private async record(delivery: ClaimedDelivery, tried: WebhookTry & WebhookAnswer): Promise<void> {
    const { db, log, retriesMs } = this.deps;
    const { endpointId, attempts } = delivery;
    const delivered = tried.error === null;
    const isGone = tried.status === GONE;
    const retryMs = delivered || isGone ? null : webhookPause(attempts, Math.random(), retriesMs);
    if (delivered || retryMs !== null) return recordTry(db, delivery, tried, { delivered, retryMs });
    const reason = isGone ? 'gone' : 'failing';
    const isDisabled = await recordLastTry(db, delivery, tried, reason);
    if (isDisabled) log.warn({ endpointId, reason }, 'a webhook endpoint was given up: see attention');
  }
}
