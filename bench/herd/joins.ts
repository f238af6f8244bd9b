import { randomUUID } from 'node:crypto';
import type { HerdAppointment } from './booking.js';
import { type ClockOffset, waitUntil } from './clock.js';
import { type HttpClient, textOf } from './http.js';
import type { HerdPerson } from './people.js';
import type { JoinMoment } from './status.js';

/** Joins that were sent over one second. */
export interface JoinsFound {
  sent: number;
  /** Answered with 200. */
  letIn: number;
  /** From sending to answer, milliseconds; those that broke count with the time until they did. */
  tookMs: number[];
  /** From T-5 to the last sending, milliseconds: more than a second when this process was kept from the cores. */
  lastSentMs: number;
  /** What else was answered, how often. */
  refusals: Record<string, number>;
}

export interface JoinsOptions {
  http: HttpClient;
  apis: readonly string[];
  tokens: ReadonlyMap<string, string>;
  /** Who joins: clients and therapists in turn. */
  joiners: readonly { appointment: HerdAppointment; person: HerdPerson }[];
  opensAt: number;
  offset: ClockOffset;
  joins: Map<string, JoinMoment>;
}

const WINDOW_MS = 1_000;

/** Every tenth or so of the herd, spread over it: clients and therapists in turn. */
export function chooseJoiners(herd: readonly HerdAppointment[], count: number): JoinsOptions['joiners'] {
  return Array.from({ length: count }, (_, index) => {
    const appointment = herd[Math.floor((index * herd.length) / count)]!;
    return { appointment, person: index % 2 === 0 ? appointment.client : appointment.therapist };
  });
}

/** Sends the joins evenly over the second from T-5 on, none before it, and waits for all answers. */
export async function sendJoins(options: JoinsOptions): Promise<JoinsFound> {
  const { joiners, opensAt, offset } = options;
  const found: JoinsFound = { sent: 0, letIn: 0, tookMs: [], lastSentMs: 0, refusals: {} };
  const underWay: Promise<void>[] = [];
  for (const [index, joiner] of joiners.entries()) {
    // Never early: our clock may be wrong by `errorMs`.
    await waitUntil(opensAt + offset.errorMs + (index * WINDOW_MS) / joiners.length, offset);
    underWay.push(sendJoin(options, joiner, index, found));
  }
  await Promise.all(underWay);
  return found;
}

async function sendJoin(
  { http, apis, tokens, opensAt, offset, joins }: JoinsOptions,
  { appointment, person }: JoinsOptions['joiners'][number],
  index: number,
  found: JoinsFound,
): Promise<void> {
  const sentAt = Date.now();
  const moment: JoinMoment = { sentAt: sentAt + offset.offsetMs - offset.errorMs, letInAt: null };
  joins.set(appointment.id, moment);
  found.sent += 1;
  found.lastSentMs = Math.max(found.lastSentMs, sentAt + offset.offsetMs - opensAt);
  const url = `${apis[index % apis.length]}/v1/appointments/${appointment.id}/join`;
  const token = tokens.get(person.subject)!;
  const refuse = (why: string) => (found.refusals[why] = (found.refusals[why] ?? 0) + 1);
  try {
    const answer = await http.send({ method: 'POST', url, token, body: {}, key: randomUUID() });
    found.tookMs.push(answer.answeredAt - answer.sentAt);
    if (answer.status === 200) {
      found.letIn += 1;
      moment.letInAt = answer.answeredAt + offset.offsetMs + offset.errorMs;
    } else refuse(`${answer.status} ${textOf(answer, 'code')}`);
  } catch (error) {
    found.tookMs.push(Date.now() - sentAt);
    refuse(error instanceof Error ? error.message : String(error));
  }
}
