import { randomUUID } from 'node:crypto';
import { rest } from './clock.js';
import { type Answer, type Call, type HttpClient, textOf } from './http.js';
import { HERD_DURATION_MINUTES, type HerdPerson } from './people.js';
import { forEachAtOnce } from '../at-once.js';

/** One appointment of the herd, with who is to meet. */
export interface HerdAppointment {
  id: string;
  client: HerdPerson;
  therapist: HerdPerson;
}

/** What booking works with. */
export interface BookingDesk {
  http: HttpClient;
  /** Addresses of the APIs, which take turns. */
  apis: readonly string[];
  tokens: ReadonlyMap<string, string>;
  admin: HerdPerson;
  concurrency: number;
}

const MOST_TRIES = 40;
const PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;

function mayRepeat(answer: Answer): boolean {
  return answer.status === 429 || answer.status === 503 || textOf(answer, 'code') === 'request_in_progress';
}

/** Sends until it is answered with this status; what may be repeated is, under the same key. @throws Error otherwise */
async function sendUntil(http: HttpClient, call: Call, wanted: number): Promise<Answer> {
  let said = '';
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const answer = await http.send(call).catch((error: unknown) => error);
    if (answer instanceof Error) said = answer.message;
    else {
      const { status, retryAfterS } = answer as Answer;
      if (status === wanted) return answer as Answer;
      said = `${status} ${textOf(answer as Answer, 'code')}`;
      if (status !== 202 && !mayRepeat(answer as Answer)) break;
      if (retryAfterS !== null) {
        await rest(Math.min(MAX_PAUSE_MS, retryAfterS * 1_000));
        continue;
      }
    }
    await rest(PAUSE_MS);
  }
  throw new Error(`${call.method} ${new URL(call.url).pathname} was not answered with ${wanted}: ${said}`);
}

/** Books one, pays it from the wallet and has it activated, each as a front end would. */
async function bringUpOne(
  desk: BookingDesk,
  pair: Omit<HerdAppointment, 'id'>,
  startsAt: number,
  index: number,
): Promise<HerdAppointment> {
  const { http, tokens, admin } = desk;
  const api = desk.apis[index % desk.apis.length]!;
  const { client, therapist } = pair;
  const post = (who: HerdPerson, path: string, body: object): Call => {
    return { method: 'POST', url: api + path, token: tokens.get(who.subject)!, body, key: randomUUID() };
  };
  const booking = {
    therapistId: therapist.id,
    startsAt: new Date(startsAt).toISOString(),
    durationMinutes: HERD_DURATION_MINUTES,
    sessionMode: 'video',
  };
  const booked = await sendUntil(http, post(client, '/v1/appointments', booking), 201);
  const id = textOf(booked, 'id');
  await sendUntil(http, post(client, `/v1/appointments/${id}/payments`, { method: 'wallet' }), 201);
  await sendUntil(http, post(admin, `/v1/appointments/${id}/activate`, {}), 200);
  return { id, client, therapist };
}

const TELL_EVERY_MS = 10_000;

/** Books, pays and activates one appointment a pair; tells how far it is every ten seconds. @returns them all, in order */
export async function bringUpHerd(
  desk: BookingDesk,
  pairs: readonly Omit<HerdAppointment, 'id'>[],
  startsAt: number,
  log: (line: string) => void,
): Promise<HerdAppointment[]> {
  const herd: HerdAppointment[] = [];
  const startedAt = Date.now();
  const tell = setInterval(() => {
    const perSecond = (herd.length * 1_000) / (Date.now() - startedAt);
    log(`  ${herd.length} of ${pairs.length} booked, paid and activated (${perSecond.toFixed(1)}/s)`);
  }, TELL_EVERY_MS).unref();
  try {
    await forEachAtOnce(pairs, desk.concurrency, async (pair, index) => {
      herd.push(await bringUpOne(desk, pair, startsAt, index));
    });
  } finally {
    clearInterval(tell);
  }
  return herd;
}
