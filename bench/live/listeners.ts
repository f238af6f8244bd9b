import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { databaseNow } from '../../db/clock.js';
import { commitAppointment } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { storeMessage } from '../../db/messages.js';
import { insertPeople } from '../../db/people.js';
import { defaultPolicy, REAL_MINUTE_MS } from '../../domain/policy.js';
import { makeApproved } from '../api/lives.js';
import { forEachAtOnce } from '../at-once.js';
import { insertHerd, type HerdPerson, signInAll } from '../herd/people.js';
import { type Heard, openStream, type Stream } from './streams.js';

const STREAMS_OF_AN_ADMIN = 10;
const AT_ONCE = 8;
const SETTLE_MS = 1_500;

/** Who listens, and to which appointments. */
export interface Crowd {
  clients: HerdPerson[];
  admins: HerdPerson[];
  tokens: Map<string, string>;
  /** Of the client with the same index. */
  appointments: string[];
  admin: HerdPerson;
}

async function makeAdmins(db: Db, count: number): Promise<HerdPerson[]> {
  const people = Array.from({ length: count }, () => {
    const subject = `listening-admin-${randomUUID()}`;
    return { subject, role: 'admin' as const, name: 'Bench admin', email: `${subject}@example.test`, phone: null };
  });
  return [...(await insertPeople(db, people))].map(([subject, id]) => ({ subject, id }));
}

/** So many clients, each with an approved session in a day, and admins for as many streams. */
export async function makeCrowd(db: Db, issuer: string, count: number): Promise<Crowd> {
  const { clients, therapists, admin } = await insertHerd(db, count, defaultPolicy(REAL_MINUTE_MS));
  const admins = await makeAdmins(db, Math.ceil(count / STREAMS_OF_AN_ADMIN));
  const tokens = await signInAll(issuer, [...clients, ...admins]);
  const appointments: string[] = [];
  const none = { token: '' };
  await forEachAtOnce([...clients.keys()], AT_ONCE, async (n) => {
    const pair = { client: { ...clients[n]!, ...none }, therapist: { ...therapists[n]!, ...none } };
    appointments[n] = await makeApproved(db, { ...pair, admin: { ...admin, ...none } }, 1);
  });
  return { clients, admins, tokens, appointments, admin };
}

/** Streams that are open, and what they heard. */
export class Ears {
  readonly heard: Heard[] = [];
  private streams: Stream[] = [];

  async open(url: string, tokens: readonly string[]): Promise<void> {
    await forEachAtOnce(tokens, AT_ONCE, async (token) => {
      this.streams.push(await openStream(url, token, (heard) => this.heard.push(heard)));
    });
  }

  /** Resolves when so many events came, or nothing has come for a while. */
  async settled(count: number): Promise<void> {
    for (let before = -1; this.heard.length < count && this.heard.length !== before;) {
      before = this.heard.length;
      await sleep(SETTLE_MS);
    }
  }

  close(): void {
    for (const stream of this.streams) stream.close();
    this.streams = [];
  }
}

const now = (): number => performance.timeOrigin + performance.now();

/** Takes an approval back, or gives it again, by the product's own commit. @returns when it was committed, epoch ms */
async function turn(db: Db, { admin }: Crowd, appointmentId: string, kind: 'activate' | 'deactivate'): Promise<number> {
  const actor = { role: 'admin', id: admin.id } as const;
  await storeMessage(db, { appointmentId, kind, actor, signal: false, payload: { reason: 'a bench' } });
  await commitAppointment(db, appointmentId);
  return now();
}

/** Milliseconds from commit to each who should have heard, and how many did not. */
export interface Delays {
  delaysMs: number[];
  missed: number;
}

/** Every client listens; two changes of each appointment come one after the other, each for its own client. */
export async function eachTheirOwn(db: Db, url: string, crowd: Crowd, changes: number): Promise<Delays> {
  const ears = new Ears();
  await ears.open(
    url,
    crowd.clients.map(({ subject }) => crowd.tokens.get(subject)!),
  );
  const committed = new Map<string, number>();
  const ids = crowd.appointments.slice(0, changes);
  for (const id of ids) committed.set(`${id} deactivated`, await turn(db, crowd, id, 'deactivate'));
  for (const id of ids) committed.set(`${id} activated`, await turn(db, crowd, id, 'activate'));
  await ears.settled(2 * changes);
  ears.close();
  const heard = new Map(ears.heard.flatMap(({ id, changes: of, at }) => of.map((change) => [`${id} ${change}`, at])));
  const delaysMs = [...committed].flatMap(([key, at]) => (heard.has(key) ? [heard.get(key)! - at] : []));
  return { delaysMs, missed: committed.size - delaysMs.length };
}

/** As many streams of admins, who all hear of every change. */
export async function allOfOne(db: Db, url: string, crowd: Crowd, changes: number): Promise<Delays> {
  const ears = new Ears();
  const count = crowd.clients.length;
  const tokens = Array.from({ length: count }, (_, n) => {
    return crowd.tokens.get(crowd.admins[Math.floor(n / STREAMS_OF_AN_ADMIN)]!.subject)!;
  });
  await ears.open(url, tokens);
  const committed = new Map<string, number>();
  for (let n = 0; n < changes; n += 1) {
    const id = crowd.appointments.at(-1 - n)!;
    committed.set(id, await turn(db, crowd, id, 'deactivate'));
    await sleep(300);
  }
  await ears.settled(changes * count);
  ears.close();
  const mine = ears.heard.filter(({ id }) => committed.has(id));
  for (const id of committed.keys()) await turn(db, crowd, id, 'activate');
  return { delaysMs: mine.map(({ id, at }) => at - committed.get(id)!), missed: changes * count - mine.length };
}

/** T-5 of all of them in one millisecond, which nobody commits: the clock tells each client. */
export async function byTheClock(db: Db, url: string, crowd: Crowd, inMs: number): Promise<Delays> {
  const startsAt = (await databaseNow(db)) + 5 * REAL_MINUTE_MS + inMs;
  const moved = sql`${new Date(startsAt)}::timestamptz`;
  await sql`
    update appointment set starts_at = ${moved}, ends_at = ${moved} + interval '1 hour', opens_at = ${moved} - interval '5 minutes',
      slot = tstzrange(${moved}, ${moved} + interval '1 hour'), remind_at = ${moved} - interval '15 minutes',
      activate_by = ${moved} + interval '10 minutes' where id = any(${crowd.appointments}::uuid[])`.execute(db);
  const ears = new Ears();
  await ears.open(
    url,
    crowd.clients.map(({ subject }) => crowd.tokens.get(subject)!),
  );
  const opensAt = startsAt - 5 * REAL_MINUTE_MS;
  await sleep(opensAt - (await databaseNow(db)) + SETTLE_MS);
  await ears.settled(crowd.clients.length);
  ears.close();
  const first = new Map<string, number>();
  for (const { id, status, at } of ears.heard) if (status === 'confirmed' && !first.has(id)) first.set(id, at);
  return { delaysMs: [...first.values()].map((at) => at - opensAt), missed: crowd.clients.length - first.size };
}
