import type { Logger } from 'pino';
import type { Db } from '../../db/database.js';
import {
  byTheClock,
  KEPT_MS,
  type LiveEvent,
  readComing,
  readMissed,
  readNewEvents,
  readNow,
  readPlace,
  readStanding,
} from '../../db/live-events.js';
import { Problem } from '../errors.js';
import { HORIZON_MS, Instants } from './instants.js';
import { Listener, Texts } from './listener.js';
import { Listeners } from './listeners.js';
import { readPlace as parsePlace, type Place } from './place.js';
import { type Reader, toldOf } from './told.js';
import { openWaker, type Waker } from './waker.js';

/** Times and bounds of the streams; what is left out is as below. */
export interface LiveOptions {
  /** Between two signs of life on a silent stream. */
  heartbeatMs?: number;
  /** How long a stream lasts at most: whoever comes again shows again who they are. */
  longestMs?: number;
  /** Events that may wait for a slow reader. */
  mostWaiting?: number;
  /** Streams of one person, and of all, on this process. */
  mostOfOne?: number;
  mostOfAll?: number;
}

const DEFAULTS = { heartbeatMs: 15_000, longestMs: 600_000, mostWaiting: 256, mostOfOne: 10, mostOfAll: 10_000 };

/** How often is looked without having been woken: a ring may be lost with the process that owed it. */
const LOOK_EVERY_MS = 500;
const AFTER_ERROR_MS = 1_000;
/** Between two looks for what the clock will do; shorter than what each look covers. */
const INSTANTS_EVERY_MS = 20_000;
/** An hour less than events are kept, so that what is asked for is still there. */
const MOST_AWAY_MS = KEPT_MS - 60 * 60_000;
/** Spread, so that those who were cut off together don't come back together. */
const retryMs = () => 1_000 + Math.floor(Math.random() * 3_000);

export interface LiveFeedDependencies {
  db: Db;
  databaseUrl: string;
  log: Pick<Logger, 'warn'>;
  options?: LiveOptions;
}

/** What one process tells its open screens: one reader of `live_event` and one LISTEN, however many listen. */
export class LiveFeed {
  private readonly listeners = new Listeners();
  private readonly options: Required<LiveOptions>;
  private readonly instants: Instants;
  private place: Place | null = null;
  private starting: Promise<Place> | null = null;
  private reading: Promise<void> | null = null;
  private again = false;
  private isClosed = false;
  private waker: Waker | null = null;
  private timers: NodeJS.Timeout[] = [];
  private clockOffsetMs = 0;

  constructor(private readonly deps: LiveFeedDependencies) {
    this.options = { ...DEFAULTS, ...deps.options };
    this.instants = new Instants(
      () => Date.now() + this.clockOffsetMs,
      (due) => void this.byClock(due).catch((error: unknown) => this.warn(error)),
    );
  }

  /** Streams that are open. */
  get size(): number {
    return this.listeners.size;
  }

  /**
   * Opens a stream. `lastEventId` is where it ended the last time; one that was not given out by us, or is too old, gets
   * `reset`. @throws Problem `too_many_streams`, `overloaded`, or what the database says when it can't be read
   */
  async open(reader: Reader, lastEventId: string | null, disconnect: () => void): Promise<ReadableStream<Uint8Array>> {
    if (this.isClosed || this.listeners.size >= this.options.mostOfAll) throw new Problem('overloaded');
    if (this.listeners.of(reader.id) >= this.options.mostOfOne) throw new Problem('too_many_streams');
    const place = await this.start();
    const { mostWaiting } = this.options;
    const onGone = (gone: Listener): void => {
      this.listeners.delete(gone);
      if (this.listeners.size === 0) this.rest();
    };
    const listener = new Listener({ reader, place: this.place ?? place, mostWaiting, disconnect, onGone });
    this.listeners.add(listener);
    listener.say(`retry: ${retryMs()}\n\n`);
    if (lastEventId === null) listener.tell([{ event: 'ready', data: {} }], this.place ?? place);
    else await this.catchUp(listener, lastEventId);
    return listener.stream;
  }

  /** Ends every stream; browsers come again, to another process or to the next one. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const listener of this.listeners) listener.end();
    this.rest();
    await this.reading;
    await this.waker?.close();
  }

  private async catchUp(listener: Listener, lastEventId: string): Promise<void> {
    listener.hold();
    try {
      const since = parsePlace(lastEventId);
      const isRecent = since !== null && Math.abs(Date.now() + this.clockOffsetMs - since.at) < MOST_AWAY_MS;
      const missed = isRecent ? await readMissed(this.deps.db, listener.reader, since.snapshot, since.at) : null;
      const [place, events] = missed === null ? [await readPlace(this.deps.db), []] : [missed, missed.events];
      const held = listener.release();
      const told = events.map((event) => toldOf(event, listener.reader)).filter((one) => one !== null);
      listener.tell([...told, { event: missed === null ? 'reset' : 'ready', data: {} }], place);
      for (const one of held) listener.tell(one.told, one.place);
    } catch (error) {
      listener.end();
      throw error;
    }
  }

  /** Begins to read with the first who listens. */
  private start(): Promise<Place> {
    if (this.place !== null) return Promise.resolve(this.place);
    this.starting ??= this.begin().finally(() => {
      this.starting = null;
    });
    return this.starting;
  }

  private async begin(): Promise<Place> {
    const { db, databaseUrl } = this.deps;
    this.waker ??= openWaker(databaseUrl, () => this.look());
    const place = await this.readPlace();
    for (const coming of await readComing(db, HORIZON_MS)) this.instants.note(coming);
    this.place = place;
    const every = (ms: number, work: () => Promise<void> | void): NodeJS.Timeout =>
      setInterval(() => void Promise.resolve(work()).catch((error: unknown) => this.warn(error)), ms).unref();
    this.timers = [
      every(LOOK_EVERY_MS, () => this.look()),
      every(INSTANTS_EVERY_MS, () => this.lookAhead()),
      every(this.options.heartbeatMs, () => this.beat()),
    ];
    return place;
  }

  /** Nobody listens: nothing is read. */
  private rest(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
    this.instants.stop();
    this.place = null;
  }

  private async readPlace(): Promise<Place> {
    const askedAt = Date.now();
    const place = await readPlace(this.deps.db);
    this.clockOffsetMs = place.at - (askedAt + Date.now()) / 2;
    return place;
  }

  private look(): void {
    this.again = true;
    this.reading ??= this.readOn().finally(() => {
      this.reading = null;
    });
  }

  private async readOn(): Promise<void> {
    while (this.again && this.place !== null) {
      this.again = false;
      try {
        const reading = await readNewEvents(this.deps.db, this.place.snapshot);
        if (this.place === null) return;
        this.place = reading;
        this.spread(reading.events, reading);
      } catch (error) {
        this.warn(error);
        await new Promise((resolve) => setTimeout(resolve, AFTER_ERROR_MS));
      }
    }
  }

  private spread(events: readonly LiveEvent[], place: Place): void {
    const texts = new Texts();
    for (const [listener, told] of this.listeners.sort(events)) listener.tell(told, place, texts);
    for (const { now } of events) if (now !== null) this.instants.note(now);
  }

  private async lookAhead(): Promise<void> {
    await this.readPlace(); // for the clock
    for (const coming of await readComing(this.deps.db, HORIZON_MS)) this.instants.note(coming);
  }

  /** Tells what the clock did. An appointment that has moved meanwhile is left to its own event. */
  private async byClock(due: Map<string, number>): Promise<void> {
    const { at, found } = await readNow(this.deps.db, [...due.keys()]);
    const { place } = this;
    if (place === null) return;
    const passed = found.filter(({ id, instants }) => instants.includes(due.get(id)!));
    const isEarly = ({ id }: { id: string }) => due.get(id)! > at;
    for (const early of passed.filter(isEarly)) this.instants.note(early);
    const events = passed.filter((one) => !isEarly(one) && this.listeners.concerns(one)).map(byTheClock);
    // The place stays that of the last reading, so that a resume sees the instants since then again.
    this.spread(events, place);
  }

  /** A sign of life for everybody; goodbye to those whose time is over or whose role is no longer theirs. */
  private async beat(): Promise<void> {
    const { place, listeners } = this;
    if (place === null) return;
    for (const listener of listeners) {
      if (Date.now() - listener.openedAt > this.options.longestMs) listener.end();
      else listener.beat(place);
    }
    const people = [...listeners].map(({ reader: { id, role } }) => ({ id, role }));
    const standing = await readStanding(this.deps.db, people);
    const known = new Set(people.map(({ id }) => id));
    for (const listener of listeners)
      if (known.has(listener.reader.id) && !standing.has(listener.reader.id)) listener.end();
  }

  private warn(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    this.deps.log.warn({ error: `${name}: ${message}` }, 'live updates could not be read; they go on');
  }
}
