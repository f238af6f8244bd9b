import { placeText, type Place } from './place.js';
import type { Reader, Told } from './told.js';

const encoder = new TextEncoder();

/** One event of a stream. (https://html.spec.whatwg.org/multipage/server-sent-events.html) */
function eventText({ event, data }: Told, id: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Texts that many listeners get alike are made once; keyed by the told and its id. */
export class Texts {
  private readonly known = new Map<string, Uint8Array>();

  of(told: Told, id: string): Uint8Array {
    const text = eventText(told, id);
    const bytes = this.known.get(text) ?? encoder.encode(text);
    this.known.set(text, bytes);
    return bytes;
  }
}

export interface ListenerOptions {
  reader: Reader;
  place: Place;
  /** What may wait for a slow reader; one more, and it is disconnected. */
  mostWaiting: number;
  /** Cuts the connection. */
  disconnect: () => void;
  onGone: (listener: Listener) => void;
}

interface Held {
  told: Told[];
  place: Place;
}

/** One open stream. */
export class Listener {
  readonly stream: ReadableStream<Uint8Array>;
  readonly reader: Reader;
  readonly openedAt = Date.now();
  private place: Place;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private isGone = false;
  /** While what was missed is read, what happens waits here. */
  private held: Held[] | null = null;

  constructor(private readonly options: ListenerOptions) {
    this.reader = options.reader;
    this.place = options.place;
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      this.controller = controller;
    };
    const strategy = new CountQueuingStrategy({ highWaterMark: options.mostWaiting });
    this.stream = new ReadableStream<Uint8Array>({ start, cancel: () => this.leave() }, strategy);
  }

  /** What follows is kept back until `release`. */
  hold(): void {
    this.held = [];
  }

  /** @returns what was kept back */
  release(): Held[] {
    const held = this.held ?? [];
    this.held = null;
    return held;
  }

  /**
   * Sends what belongs together. Each but the last carries the place before them all: whoever loses the connection in
   * between gets all of them again, and never misses one.
   */
  tell(told: readonly Told[], place: Place, texts = new Texts()): void {
    if (this.held !== null) {
      this.held.push({ told: [...told], place });
      if (this.held.length > this.options.mostWaiting) this.cut();
      return;
    }
    const before = placeText(this.place);
    this.place = place;
    const after = placeText(place);
    told.forEach((one, n) => this.send(texts.of(one, n === told.length - 1 ? after : before)));
  }

  /** A line that keeps the connection open, and the place up to which nothing is left to tell. */
  beat(place: Place): void {
    if (this.held !== null) return;
    this.place = place;
    this.send(encoder.encode(`: \nid: ${placeText(place)}\n\n`));
  }

  /** Sends a text that is no event. */
  say(text: string): void {
    this.send(encoder.encode(text));
  }

  /** Ends the stream in good order: the browser comes again. */
  end(): void {
    if (this.isGone) return;
    this.leave();
    this.controller.close();
  }

  private send(bytes: Uint8Array): void {
    if (this.isGone) return;
    if ((this.controller.desiredSize ?? 0) <= 0) this.cut();
    else this.controller.enqueue(bytes);
  }

  /** Whoever reads too slowly would fill our memory: cut off, it comes again and is told what it missed. */
  private cut(): void {
    if (this.isGone) return;
    this.end();
    this.options.disconnect();
  }

  private leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.options.onGone(this);
  }
}
