import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import type { Backlog } from './backlog.js';
import {
  beginNotifications,
  type BegunNotification,
  claimNotifications,
  type ClaimedNotification,
  finishNotifications,
  freeNotificationsOfDeadRelays,
  type Line,
  lineOf,
  LINES,
} from '../db/notification-claims.js';
import type { RelaySession } from '../db/relay-session.js';
import { MAIL_CONNECTIONS } from '../providers/mail.js';
import { deliver, type DeliveryDependencies, readViews, type Views } from './notification-delivery.js';

export interface NotificationRelayDependencies extends DeliveryDependencies {
  db: Db;
  session: RelaySession;
  backlog: Backlog;
  log: Logger;
}

/** Rows of a line claimed at once on an ordinary moment. */
export const CLAIM_BATCH = 200;
/** Of a herd: it is claimed within a second, in statements short enough to share it with other relays. */
const HERD_BATCH = 1_000;
/** So many times it claims of a hurried line before it begins to hand over: a herd is claimed first, since handing over takes the CPU it needs. */
const CLAIMS_FIRST = 40;
/** What is due on an ordinary moment is begun and read as one chunk, whatever its lines: three statements instead of nine. */
const FEW = MAIL_CONNECTIONS;
/** Rows claimed and not yet begun, at most: a bound for the memory of a relay, far above what a vendor takes in a minute. */
const MOST_WAITING = 100_000;

/** Lines that somebody waits for at a vendor's end. */
const HURRIED: readonly Line[] = ['email', 'sms'];
const UNHURRIED = LINES.filter((line) => !HURRIED.includes(line));
/** While the worker is behind with deadlines, unhurried mails wait for so long at most. */
const HELD_BACK_MS = 60_000;
/** Rows that are begun together, by their lines: each line is written down when it is through. */
type Chunk = Partial<Record<Line, ClaimedNotification[]>>;

/** Rows whose handing over has begun, with what they are decided by. */
interface Begun {
  rows: BegunNotification[];
  views: Views;
}

/**
 * What each line hands over at once: `chunks` side by side, each of `rows` that are begun and read together, so few
 * that a decision is never old. A mail's chunk is what goes over the connections at once: of those that are begun and
 * wait behind others nobody could say, after a kill, whether they were sent.
 */
export const PACES: Record<Line, { chunks: number; rows: number }> = {
  sms: { chunks: 2, rows: 100 },
  email: { chunks: 3, rows: MAIL_CONNECTIONS },
  in_app: { chunks: 1, rows: 200 },
  unhurried_email: { chunks: 2, rows: MAIL_CONNECTIONS },
};

/**
 * Hands due notifications to their vendors. Claiming is quick and runs ahead (a whole herd is claimed on its second);
 * handing over goes at the vendor's pace, each channel on its own, and decides what a row is as it begins.
 */
export class NotificationRelay {
  private readonly waiting: Record<Line, ClaimedNotification[]> = {
    sms: [],
    email: [],
    in_app: [],
    unhurried_email: [],
  };
  private readonly running: Record<Line, number> = { sms: 0, email: 0, in_app: 0, unhurried_email: 0 };
  private readonly chunks = new Set<Promise<void>>();
  private stopped = false;
  /** Since when the worker has been behind without a pause, by the process' clock. */
  private behindSince: number | null = null;

  constructor(private readonly deps: NotificationRelayDependencies) {}

  /** Claims what is due, and sets its handing over going. @returns how many rows were claimed, CLAIM_BATCH or more if more may be due */
  async claim(): Promise<number> {
    const { session } = this.deps;
    if (this.stopped || !session.held || this.waitingRows() >= MOST_WAITING) return 0;
    // What may not begin yet isn't claimed: it would take CPU from what is being handed over.
    this.noteHeldBack();
    const claimed = await this.claimOf(
      LINES.filter((line) => this.mayBegin(line)),
      CLAIM_BATCH,
    );
    const full = HURRIED.filter((line) => claimed.filter((row) => lineOf(row) === line).length === CLAIM_BATCH);
    const more = await Promise.all(full.map((line) => this.claimHerd(line)));
    if (!this.beginFew()) for (const line of LINES) this.fill(line);
    return more.reduce((sum, count) => sum + count, claimed.length);
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

  private async claimOf(lines: readonly Line[], limit: number): Promise<ClaimedNotification[]> {
    const { db, session } = this.deps;
    const claimed = await claimNotifications(db, session.id, lines, limit);
    for (const one of claimed) this.waiting[lineOf(one)].push(one);
    return claimed;
  }

  private async claimHerd(line: Line): Promise<number> {
    let claimed = 0;
    for (let times = 0; times < CLAIMS_FIRST; times += 1) {
      const { length: last } = await this.claimOf([line], HERD_BATCH);
      claimed += last;
      if (last < HERD_BATCH) break;
    }
    return claimed;
  }

  private waitingRows(): number {
    return LINES.reduce((sum, line) => sum + this.waiting[line].length, 0);
  }

  /** @returns false where there is too much for one chunk, or a line has its hands full */
  private beginFew(): boolean {
    if (this.stopped) return true;
    const lines = LINES.filter((line) => this.waiting[line].length > 0);
    if (this.waitingRows() > FEW || lines.some((line) => this.running[line] >= PACES[line].chunks)) return false;
    this.begin(Object.fromEntries(lines.map((line) => [line, this.waiting[line].splice(0)])));
    return true;
  }

  private mayBegin(line: Line): boolean {
    if (HURRIED.includes(line)) return true;
    const isQuiet = HURRIED.every((hurried) => this.waiting[hurried].length === 0);
    return isQuiet && (line !== 'unhurried_email' || !this.holdsBack());
  }

  private noteHeldBack(): void {
    if (!this.deps.backlog.isBehind) this.behindSince = null;
    else this.behindSince ??= performance.now();
  }

  /** Who is behind for longer than that will be for long: then mails go on beside it. */
  private holdsBack(): boolean {
    return this.behindSince !== null && performance.now() - this.behindSince < HELD_BACK_MS;
  }

  private fill(line: Line): void {
    const { chunks, rows } = PACES[line];
    const waiting = this.waiting[line];
    while (!this.stopped && this.mayBegin(line) && this.running[line] < chunks && waiting.length > 0)
      this.begin({ [line]: waiting.splice(0, rows) });
  }

  private begin(chunk: Chunk): void {
    const lines = LINES.filter((line) => chunk[line] !== undefined);
    if (lines.length === 0) return;
    for (const line of lines) this.running[line] += 1;
    const over = this.handOver(lines, chunk).finally(() => this.chunks.delete(over));
    this.chunks.add(over);
  }

  /** Never throws: with the database away the rows stay claimed, and are set free when this relay ends or starts anew. */
  private async handOver(lines: readonly Line[], chunk: Chunk): Promise<void> {
    const begun = await this.patiently('begun', () => this.beginRows(lines.flatMap((line) => chunk[line]!)));
    await Promise.all(
      lines.map(async (line) => {
        if (begun !== null) await this.handOverLine(line, chunk[line]!, begun);
        this.running[line] -= 1;
        this.fill(line);
        if (HURRIED.includes(line)) for (const other of UNHURRIED) this.fill(other);
      }),
    );
  }

  /** Begun again where the database fails on the way, which counts as one more try. */
  private async handOverLine(line: Line, claimed: readonly ClaimedNotification[], first: Begun): Promise<void> {
    let begun: Begun | null = first;
    await this.patiently('handed over', async () => {
      const { rows, views } = begun ?? (await this.beginRows(claimed));
      begun = null;
      const mine = rows.filter((row) => lineOf(row) === line);
      await this.writeDown(await deliver(this.deps, mine, views));
    });
  }

  private async beginRows(claimed: readonly ClaimedNotification[]): Promise<Begun> {
    const { db, session } = this.deps;
    const views = await readViews(this.deps, claimed);
    const ids = claimed.map(({ id }) => id);
    return { views, rows: await beginNotifications(db, session.id, ids) };
  }

  /** Tries until it is done. @returns null where the relay is stopped while it fails */
  private async patiently<T>(what: 'begun' | 'handed over', work: () => Promise<T>): Promise<T | null> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        this.deps.log.error(
          { relay: 'notifications', error: String(error) },
          `a chunk was not ${what} and is tried again`,
        );
        if (this.stopped) return null;
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
