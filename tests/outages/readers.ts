import type { Status } from '../../domain/types.js';
import { LONGEST_ANSWER_MS, type OutageWorld } from '../support/outage-world.js';
import type { Life, Span } from './lives.js';

/** What a reader is shown: a status, and whether its end is being decided. */
type Shown = Status | `${Status} deciding`;

const asked = (span: Span | undefined, now: number): boolean => span !== undefined && now >= span.askedAt;
const answered = (span: Span | undefined, now: number): boolean =>
  span !== undefined && span.answeredAt !== null && now > span.answeredAt;
/** Both ways while the answer is on its way. */
const either = (span: Span | undefined, now: number): boolean[] =>
  answered(span, now) ? [true] : asked(span, now) ? [true, false] : [false];

/** What the clock says that a reader must see at `now`, epoch ms; several while a request is under way. */
function rightAt(life: Life, now: number): Shown[] {
  const all = either(life.cancelled, now).flatMap((cancelled) =>
    cancelled
      ? ['cancelled' as const]
      : either(life.paid, now).flatMap((paid) =>
          either(life.activated, now).flatMap((activated) => ofState(life, now, paid, activated)),
        ),
  );
  return [...new Set(all)];
}

function ofState({ policy, ...life }: Life, now: number, paid: boolean, activated: boolean): Shown[] {
  const { startsAt, endsAt, payBy, joined } = life;
  if (!paid) return now < payBy ? ['scheduled'] : ['scheduled deciding', 'expired'];
  if (!activated) return now < startsAt + policy.activationGraceMinutes * policy.minuteMs ? ['scheduled'] : ['expired'];
  if (now < startsAt - policy.openingMinutes * policy.minuteMs) return ['scheduled'];
  const session = either(joined, now).map((came) => (came ? ('in_progress' as const) : ('confirmed' as const)));
  if (now < endsAt) return session;
  return [...session.map((status) => `${status} deciding` as const), 'completed', 'no_show'];
}

/** What readers were told. */
export interface Readings {
  reads: number;
  /** Answered 503 with Retry-After, while a server was away. */
  unavailable: number;
  /** How often anything else that is not the truth of that moment, and the first of them. */
  wrong: number;
  examples: string[];
  slowestMs: number;
  slowestUnavailableMs: number;
}

/** Reads the lives one after the other, without a pause, until it is stopped. */
export function startReaders(world: OutageWorld, lives: readonly Life[], atOnce = 2): { stop(): Promise<Readings> } {
  const readings = { reads: 0, unavailable: 0, wrong: 0, examples: [], slowestMs: 0, slowestUnavailableMs: 0 };
  let stopped = false;
  let turn = 0;
  const readOn = async (): Promise<void> => {
    while (!stopped) {
      turn += 1;
      await read(world, lives[turn % lives.length]!, readings);
    }
  };
  const reading = Promise.all(Array.from({ length: atOnce }, readOn));
  return {
    async stop() {
      stopped = true;
      await reading;
      return readings;
    },
  };
}

const EXAMPLES = 10;

function note(readings: Readings, what: string): void {
  readings.wrong += 1;
  if (readings.examples.length < EXAMPLES) readings.examples.push(what);
}

async function read(world: OutageWorld, life: Life, readings: Readings): Promise<void> {
  readings.reads += 1;
  try {
    const { status, body, retryAfter, ms } = await world.send(life.client, 'GET', `/v1/appointments/${life.id}`);
    if (status === 503 && retryAfter !== null) {
      readings.unavailable += 1;
      readings.slowestUnavailableMs = Math.max(readings.slowestUnavailableMs, ms);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return;
    }
    readings.slowestMs = Math.max(readings.slowestMs, ms);
    if (status !== 200) return note(readings, `${life.id} was answered ${status} ${JSON.stringify(body)}`);
    const { status: shown, deciding, serverNow } = body as { status: Status; deciding: boolean; serverNow: string };
    const seen: Shown = deciding ? `${shown} deciding` : shown;
    const right = rightAt(life, Date.parse(serverNow));
    if (!right.includes(seen)) note(readings, `${life.id} at ${serverNow} was ${seen}, not ${right.join(' or ')}`);
  } catch (error) {
    note(readings, `${life.id} was not answered within ${LONGEST_ANSWER_MS} ms: ${String(error)}`);
  }
}
