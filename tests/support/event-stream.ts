import { get, type IncomingMessage } from 'node:http';

/** One event as a browser's EventSource would see it. */
export interface StreamEvent {
  event: string;
  data: Record<string, unknown>;
  id: string;
  /** When it came, epoch ms. */
  at: number;
}

/** A stream over a connection of its own. */
export interface EventStream {
  status: number;
  headers: IncomingMessage['headers'];
  events: StreamEvent[];
  /** Lines that are no event: comments and `retry`. */
  asides: string[];
  /** Where the server says we are, also by ids without an event. */
  lastEventId(): string;
  /** Resolves with the first event that passes, of those that came already too. */
  until(passes: (event: StreamEvent) => boolean, withinMs?: number): Promise<StreamEvent>;
  /** Stops reading; the connection stays open. */
  pause(): void;
  resume(): void;
  /** Resolves when the server has ended or cut it. */
  ended: Promise<void>;
  close(): void;
}

class Parser {
  readonly events: StreamEvent[] = [];
  readonly asides: string[] = [];
  lastId = '';
  private rest = '';

  push(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) this.block(block);
  }

  private block(block: string): void {
    let [event, data] = ['message', ''];
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) this.lastId = line.slice(4);
      else if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ')) data = line.slice(6);
      else this.asides.push(line);
    }
    if (data !== '') this.events.push({ event, data: JSON.parse(data), id: this.lastId, at: Date.now() });
  }
}

/** Opens a stream and waits for its headers. */
export function openEvents(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => resolve(follow(response)));
    request.once('error', reject);
  });
}

function follow(response: IncomingMessage): EventStream {
  const parser = new Parser();
  const waiting = new Set<() => void>();
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    parser.push(text);
    for (const look of waiting) look();
  });
  response.on('error', () => undefined);
  const until = (passes: (event: StreamEvent) => boolean, withinMs = 5_000) =>
    new Promise<StreamEvent>((resolve, reject) => {
      const look = (): void => {
        const found = parser.events.find(passes);
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`no such event within ${withinMs} ms; came: ${JSON.stringify(parser.events)}`));
      }, withinMs);
      waiting.add(look);
      look();
    });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events: parser.events,
    asides: parser.asides,
    lastEventId: () => parser.lastId,
    until,
    pause: () => response.pause(),
    resume: () => response.resume(),
    ended: new Promise((resolve) => response.once('close', () => resolve())),
    close: () => response.destroy(),
  };
}
