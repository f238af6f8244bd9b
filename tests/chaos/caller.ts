import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { signIn } from '../support/sign-in.js';
import type { Person } from './people.js';

/** What somebody wanted once, under one Idempotency-Key: what was asked, and what was answered in the end. */
export interface Deed {
  life: number;
  act: Act;
  /** Who asked. */
  by: string;
  /** The appointment it is about; null for a booking. */
  appointmentId: string | null;
  /** Epoch ms. */
  askedAt: number;
  /** Each differs from the others only where the keys are switched off, or where the request was clicked twice. */
  answers: Answer[];
  /** How often it was sent. */
  sent: number;
}

export type Act =
  | 'book'
  | 'pay'
  | 'activate'
  | 'force_confirm'
  | 'join'
  | 'end'
  | 'cancel'
  | 'reschedule'
  | 'extend'
  | 'refund';

/** A last word: below 500, and not "try again". */
export interface Answer {
  /** Epoch ms. */
  at: number;
  status: number;
  /** The refusal's code; null for success. */
  code: string | null;
  body: Record<string, unknown>;
}

/** What the callers of a run share. */
export class Desk {
  readonly deeds: Deed[] = [];
  /** How often each answer came that was no last word: `503 temporal_unavailable`, `lost connection`. */
  readonly hiccups = new Map<string, number>();
  /** How many requests wait for their last word. */
  waiting = 0;
  #turn = 0;

  constructor(
    readonly apis: readonly string[],
    readonly oidcIssuer: string,
    /** Aborted when nobody waits for answers any more. */
    readonly over: AbortSignal,
    /** A fresh key at every try: what keys are there to prevent. */
    readonly withoutKeys: boolean,
  ) {
    // Everybody who waits listens to it.
    setMaxListeners(0, over);
  }

  /** The APIs take turns. */
  nextApi(): string {
    this.#turn += 1;
    return this.apis[this.#turn % this.apis.length]!;
  }

  hiccup(what: string): void {
    this.hiccups.set(what, (this.hiccups.get(what) ?? 0) + 1);
  }
}

const ANSWER_WITHIN_MS = 15_000;
const FIRST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 2_000;

/** One person at a front end: repeats with the same key, at either API, until there is an answer. */
export class Caller {
  private constructor(
    private readonly desk: Desk,
    readonly person: Person,
    private readonly token: string,
  ) {}

  static async signIn(desk: Desk, person: Person): Promise<Caller> {
    return new Caller(desk, person, await signIn(desk.oidcIssuer, person.subject));
  }

  /** Reads until there is an answer. @returns null when nobody waits any more */
  get(path: string): Promise<Answer | null> {
    return this.#untilAnswered('GET', path, undefined, null);
  }

  /**
   * Wants something once; `twice` sends it to both APIs at the same time, with the same key.
   * @returns the first answer, null when nobody waits any more
   */
  async want(
    what: { life: number; act: Act; appointmentId?: string; path: string; body?: object },
    twice: boolean,
  ): Promise<Answer | null> {
    const { life, act, appointmentId = null, path, body = {} } = what;
    const deed: Deed = { life, act, by: this.person.id, appointmentId, askedAt: Date.now(), answers: [], sent: 0 };
    this.desk.deeds.push(deed);
    const key = randomUUID();
    const once = () => this.#untilAnswered('POST', path, body, { deed, key });
    const [first] = await Promise.all(twice ? [once(), once()] : [once()]);
    return first ?? null;
  }

  async #untilAnswered(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    wish: { deed: Deed; key: string } | null,
  ): Promise<Answer | null> {
    const { desk } = this;
    const keyOfThisClick = desk.withoutKeys ? null : (wish?.key ?? null);
    desk.waiting += 1;
    try {
      for (let pauseMs = FIRST_PAUSE_MS; !desk.over.aborted; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
        if (wish !== null) wish.deed.sent += 1;
        const answer = await this.#send(method, path, body, keyOfThisClick ?? randomUUID());
        if (answer !== null) {
          wish?.deed.answers.push(answer);
          return answer;
        }
        await sleep(pauseMs, undefined, { signal: desk.over }).catch(() => undefined);
      }
      return null;
    } finally {
      desk.waiting -= 1;
    }
  }

  /** @returns null for what is no last word */
  async #send(method: string, path: string, body: object | undefined, key: string): Promise<Answer | null> {
    const { desk, token } = this;
    try {
      const response = await fetch(desk.nextApi() + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...(method === 'GET' ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([desk.over, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      const { status } = response;
      const said = (await response.json()) as Record<string, unknown>;
      const code = status < 400 ? null : String(said['code']);
      const tryAgain = status >= 500 || status === 429 || status === 202 || code === 'request_in_progress';
      if (!tryAgain) return { at: Date.now(), status, code, body: said };
      desk.hiccup(`${status} ${code ?? 'not decided yet'}`);
    } catch {
      // A connection that was refused or cut, or no answer in time.
      if (!desk.over.aborted) desk.hiccup('no answer');
    }
    return null;
  }
}
