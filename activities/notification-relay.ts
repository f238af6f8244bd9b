import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import {
  beginNotifications,
  claimNotifications,
  type ClaimedNotification,
  finishNotifications,
  freeNotificationsOfDeadRelays,
} from '../db/notification-claims.js';
import type { RelaySession } from '../db/relay-session.js';
import type { Channel } from '../domain/notifications.js';
import { MAIL_CONNECTIONS } from '../providers/mail.js';
import { deliver, type DeliveryDependencies, readViews } from './notification-delivery.js';

export interface NotificationRelayDependencies extends DeliveryDependencies {
  db: Db;
  session: RelaySession;
  log: Logger;
}

/** Rows claimed at once: a herd is claimed within a second, in statements short enough to share it with other relays. */
const CLAIM_BATCH = 1_000;
/** So many times it claims before it begins to hand over: a herd is claimed first, since handing over takes the CPU it needs. */
const CLAIMS_FIRST = 10;
/** Rows claimed and not yet begun, at most: a bound for the memory of a relay, far above what a vendor takes in a minute. */
const MOST_WAITING = 100_000;

/** What a row waits in: a vendor's own line, or the one for what nobody has to act on within seconds. */
type Line = 'sms' | 'email' | 'later';

/**
 * What each line hands over at once: `chunks` side by side, each of `rows` that are begun and read together, so few
 * that a decision is never old. A mail's chunk is what goes over the connections at once: of those that are begun and
 * wait behind others nobody could say, after a kill, whether they were sent.
 */
export const LINES: Record<Line, { chunks: number; rows: number }> = {
  sms: { chunks: 2, rows: 100 },
  email: { chunks: 3, rows: MAIL_CONNECTIONS },
  later: { chunks: 1, rows: 200 },
};

/** In-app notices are only written down, and admins have no session to come to: both let go first who has one. */
function lineOf({ channel, recipientRole }: ClaimedNotification): Line {
  return channel === 'in_app' || recipientRole === 'admin' ? 'later' : channel;
}

/**
 * Hands due notifications to their vendors. Claiming is quick and runs ahead (a whole herd is claimed on its second);
 * handing over goes at the vendor's pace, each channel on its own, and decides what a row is as it begins.
 */
export class NotificationRelay {
  private readonly waiting: Record<Line, ClaimedNotification[]> = { sms: [], email: [], later: [] };
  private readonly running: Record<Line, number> = { sms: 0, email: 0, later: 0 };
  private readonly chunks = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly deps: NotificationRelayDependencies) {}

  /** Claims what is due, and sets its handing over going. @returns how many rows were claimed */
  async claim(): Promise<number> {
    const { db, session } = this.deps;
    if (this.stopped || !session.held) return 0;
    const waiting = Object.values(this.waiting).reduce((sum, line) => sum + line.length, 0);
    if (waiting >= MOST_WAITING) return 0;
    let claimed = 0;
    let more = true;
    for (let times = 0; more && times < CLAIMS_FIRST; times += 1) {
      const vendors = await this.claimOf(db, ['sms', 'email']);
      more = vendors === CLAIM_BATCH;
      claimed += vendors;
    }
    for (const line of ['email', 'sms'] as const) this.fill(line);
    const inApp = more ? 0 : await this.claimOf(db, ['in_app']);
    this.fill('later');
    return claimed + inApp;
  }

  /** Sets free what relays held that have died. @returns how many rows */
  freeDead(): Promise<number> {
    return this.deps.session.held ? freeNotificationsOfDeadRelays(this.deps.db) : Promise.resolve(0);
  }

  /** Begins nothing more and lets end what was begun; what is only claimed is taken over by others. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.chunks);
  }

  private async claimOf(db: Db, channels: readonly Channel[]): Promise<number> {
    const claimed = await claimNotifications(db, this.deps.session.id, channels, CLAIM_BATCH);
    for (const one of claimed) this.waiting[lineOf(one)].push(one);
    return claimed.length;
  }

  private mayBegin(line: Line): boolean {
    return line !== 'later' || (this.waiting.sms.length === 0 && this.waiting.email.length === 0);
  }

  private fill(line: Line): void {
    const { chunks, rows } = LINES[line];
    const waiting = this.waiting[line];
    while (!this.stopped && this.mayBegin(line) && this.running[line] < chunks && waiting.length > 0) {
      this.running[line] += 1;
      const chunk = this.handOver(waiting.splice(0, rows)).finally(() => {
        this.running[line] -= 1;
        this.chunks.delete(chunk);
        this.fill(line);
        if (line !== 'later') this.fill('later');
      });
      this.chunks.add(chunk);
    }
  }

  /** Never throws: with the database away the rows stay claimed, and are set free when this relay ends or starts anew. */
  private async handOver(claimed: readonly ClaimedNotification[]): Promise<void> {
    const { db, session, log } = this.deps;
    const ids = claimed.map(({ id }) => id);
    for (;;) {
      try {
        const views = await readViews(this.deps, claimed);
        const begun = await beginNotifications(db, session.id, ids);
        const endings = await deliver(this.deps, begun, views);
        await this.writeDown(endings);
        return;
      } catch (error) {
        log.error({ relay: 'notifications', error: String(error) }, 'a chunk was not begun and is tried again');
        if (this.stopped) return;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  /** What vendors took must be written down, or it would be sent again: tried until the database is back. */
  private async writeDown(endings: Awaited<ReturnType<typeof deliver>>): Promise<void> {
    const { db, session, log } = this.deps;
    for (let tries = 1; ; tries += 1) {
      try {
        return await finishNotifications(db, session.id, endings);
      } catch (error) {
        log.error(
          { relay: 'notifications', tries, error: String(error) },
          'how notifications ended is not written down yet',
        );
        if (this.stopped && tries >= 5) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 200 * 2 ** tries)));
      }
    }
  }
}
