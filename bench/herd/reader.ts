import type { HerdAppointment } from './booking.js';
import type { ClockOffset } from './clock.js';
import { type HttpClient, textOf } from './http.js';
import { judgeRead, type JoinMoment, type ReadVerdict } from './status.js';

/** What was read while the herd was on. */
export interface ReadsFound {
  reads: number;
  stale: number;
  early: number;
  wrong: number;
  /** Not answered with 200. */
  failed: number;
  /** From sending to answer, milliseconds. */
  tookMs: number[];
  /** The first few that were not right, in words. */
  examples: string[];
}

export interface ReaderOptions {
  http: HttpClient;
  apis: readonly string[];
  tokens: ReadonlyMap<string, string>;
  herd: readonly HerdAppointment[];
  opensAt: number;
  ratePerSecond: number;
  offset: ClockOffset;
  /** By appointment; grows while people join. */
  joins: ReadonlyMap<string, JoinMoment>;
}

const EXAMPLES_KEPT = 5;

/** Reads random appointments through the API at a fixed rate until stopped, and judges what they show. */
export class Reader {
  readonly found: ReadsFound = { reads: 0, stale: 0, early: 0, wrong: 0, failed: 0, tookMs: [], examples: [] };
  private readonly underWay = new Set<Promise<void>>();
  private readonly ticking: NodeJS.Timeout | null;

  constructor(private readonly options: ReaderOptions) {
    const { ratePerSecond } = options;
    this.ticking = ratePerSecond === 0 ? null : setInterval(() => this.readOne(), 1_000 / ratePerSecond).unref();
  }

  /** Lets what is under way end. */
  async stop(): Promise<ReadsFound> {
    if (this.ticking !== null) clearInterval(this.ticking);
    await Promise.all(this.underWay);
    return this.found;
  }

  private readOne(): void {
    const { herd, apis } = this.options;
    const one = herd[Math.floor(Math.random() * herd.length)]!;
    const api = apis[Math.floor(Math.random() * apis.length)]!;
    const reading = this.read(one, api).catch(() => {
      this.found.failed += 1;
    });
    this.underWay.add(reading);
    void reading.finally(() => this.underWay.delete(reading));
  }

  private async read(one: HerdAppointment, api: string): Promise<void> {
    const { http, tokens, opensAt, offset, joins } = this.options;
    const { found } = this;
    const token = tokens.get(one.client.subject)!;
    found.reads += 1;
    const answer = await http.send({ method: 'GET', url: `${api}/v1/appointments/${one.id}`, token });
    found.tookMs.push(answer.answeredAt - answer.sentAt);
    if (answer.status !== 200) {
      found.failed += 1;
      return;
    }
    const from = answer.sentAt + offset.offsetMs - offset.errorMs;
    const to = answer.answeredAt + offset.offsetMs + offset.errorMs;
    const status = textOf(answer, 'status');
    this.note(judgeRead({ status, from, to }, opensAt, joins.get(one.id) ?? null), one.id, status, from - opensAt);
  }

  private note(verdict: ReadVerdict, id: string, status: string, sinceDueMs: number): void {
    if (verdict === 'right') return;
    this.found[verdict] += 1;
    if (this.found.examples.length >= EXAMPLES_KEPT) return;
    this.found.examples.push(`${verdict}: ${id} showed ${status}, read ${Math.round(sinceDueMs)} ms after T-5`);
  }
}
