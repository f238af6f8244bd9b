import { randomUUID } from 'node:crypto';
import { loadAppointment } from '../../db/appointment-record.js';
import type { Db } from '../../db/database.js';
import { phoneColumns } from '../../db/people.js';
import { nextDue } from '../../domain/advance.js';
import type { Policy } from '../../domain/policy.js';
import type { AppointmentRecord } from '../../domain/record.js';
import type { SessionMode } from '../../domain/types.js';
import type { OutageWorld, TimedAnswer } from '../support/outage-world.js';
import { makeClient, makeTherapist, type TestPerson } from '../support/people.js';
import { until } from '../support/steps.js';

/** When something was asked for and answered, epoch ms. */
export interface Span {
  askedAt: number;
  answeredAt: number | null;
}

/** A life that a test takes through an outage, with what its readers must see. */
export interface Life {
  id: string;
  client: TestPerson;
  therapist: TestPerson;
  startsAt: number;
  endsAt: number;
  payBy: number;
  policy: Policy;
  paid?: Span;
  activated?: Span;
  joined?: Span;
  cancelled?: Span;
}

export interface LifeOptions {
  startsAt: number;
  durationMinutes?: number;
  mode?: SessionMode;
  policy: Partial<Policy> & { minuteMs: number };
}

let phones = 0;

/** Own telephones, so that a test can tell whose SMS it was. */
async function withPhone(db: Db, person: TestPerson): Promise<TestPerson> {
  phones += 1;
  const phone = `+1212555${String(phones).padStart(4, '0')}`;
  await db
    .updateTable('person')
    .set(phoneColumns(db, person.id, phone))
    .where('id', '=', person.id)
    .execute();
  return person;
}

/** Books over HTTP, with a client and a therapist of its own. */
export async function bookLife(world: OutageWorld, options: LifeOptions): Promise<Life> {
  const { startsAt, durationMinutes = 10, mode = 'video', policy } = options;
  const client = await withPhone(world.db, await makeClient(world.db));
  const therapist = await withPhone(world.db, await makeTherapist(world.db, policy));
  const wanted = { therapistId: therapist.id, durationMinutes, sessionMode: mode };
  const body = { ...wanted, startsAt: new Date(startsAt).toISOString() };
  const answer = await patiently(() => world.send(client, 'POST', '/v1/appointments', body, client.id));
  const booked = expectStatus(answer, 201).body as { id: string; endsAt: string; payBy: string; policy: Policy };
  const times = { startsAt, endsAt: Date.parse(booked.endsAt), payBy: Date.parse(booked.payBy) };
  return { id: booked.id, client, therapist, ...times, policy: booked.policy };
}

/** Repeats a request with its key while it is answered 503, as its caller would. */
async function patiently(ask: () => Promise<TimedAnswer>): Promise<TimedAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if (answer.status !== 503 || tries === 20) return answer;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function expectStatus(answer: TimedAnswer, status: number): TimedAnswer {
  if (answer.status !== status) throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

/** Notes when something was asked for, and when it was answered as it should be. */
async function spanned(
  life: Life,
  what: 'paid' | 'activated' | 'joined' | 'cancelled',
  ask: () => Promise<TimedAnswer>,
): Promise<TimedAnswer> {
  const span = (life[what] ??= { askedAt: Date.now(), answeredAt: null });
  const answer = await ask();
  if (answer.status < 202) span.answeredAt ??= Date.now();
  return answer;
}

export const payLife = (world: OutageWorld, life: Life, key: string = randomUUID()): Promise<TimedAnswer> =>
  spanned(life, 'paid', () =>
    world.send(life.client, 'POST', `/v1/appointments/${life.id}/payments`, { method: 'wallet' }, key),
  );

/** Starts a checkout, repeated with its key while it is answered 503, and pays there; waits until it is committed. */
export async function payByCard(world: OutageWorld, life: Life, method: 'stripe' | 'razorpay'): Promise<void> {
  const path = `/v1/appointments/${life.id}/payments`;
  const answer = await patiently(() => world.send(life.client, 'POST', path, { method }, life.id));
  const { id } = expectStatus(answer, 201).body as { id: string };
  const [object, ...more] = world.sandbox.control.payments.list({ metadata: { paymentId: id } });
  if (object === undefined || more.length > 0) throw new Error(`${1 + more.length} objects were made for one payment`);
  world.sandbox.control.payments.act(object.ref, 'pay');
  await until('paid', async () => (await recordOf(world.db, life.id)).paidAt !== null, 20_000);
}

export const activateLife = (world: OutageWorld, life: Life, admin: TestPerson, key: string = randomUUID()) =>
  spanned(life, 'activated', () =>
    world.send(admin, 'POST', `/v1/appointments/${life.id}/activate`, { reason: 'checked' }, key),
  );

export const cancelLife = (world: OutageWorld, life: Life, key: string = randomUUID()): Promise<TimedAnswer> =>
  spanned(life, 'cancelled', () =>
    world.send(life.client, 'POST', `/v1/appointments/${life.id}/cancel`, { reason: 'ill' }, key),
  );

/** Pays from the wallet and, with an admin, activates; waits until both are committed. */
export async function readyLife(world: OutageWorld, life: Life, admin: TestPerson | null): Promise<void> {
  const keys = [randomUUID(), randomUUID()] as const;
  expectStatus(await patiently(() => payLife(world, life, keys[0])), 201);
  await until('paid', async () => (await recordOf(world.db, life.id)).paidAt !== null, 20_000);
  if (admin === null) return;
  await patiently(() => activateLife(world, life, admin, keys[1]));
  await until('activated', async () => (await recordOf(world.db, life.id)).activatedAt !== null, 20_000);
  life.activated!.answeredAt ??= Date.now();
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * How long it takes at most to bring up `count` lives here and now, ms: one is brought up to see. With both cores shared
 * two at a time take as long as one, or little less where others want the cores too.
 */
export async function setupMs(world: OutageWorld, admin: TestPerson, count: number): Promise<number> {
  const begunAt = Date.now();
  await readyLife(world, await bookLife(world, { startsAt: begunAt + DAY_MS, policy: { minuteMs: 60_000 } }), admin);
  return 4_000 + (Date.now() - begunAt) * count * 0.75;
}

/** Joins over HTTP and connects to the room; `key` may be one that was used before. */
export async function joinLife(
  world: OutageWorld,
  life: Life,
  who: 'client' | 'therapist',
  key: string = randomUUID(),
): Promise<TimedAnswer> {
  const answer = await spanned(life, 'joined', () =>
    world.send(life[who], 'POST', `/v1/appointments/${life.id}/join`, undefined, key),
  );
  if (answer.status !== 200) return answer;
  const { mode, room, token } = answer.body as { mode: SessionMode; room: { sid: string }; token: string };
  if (mode !== 'chat') await world.sandbox.control.rooms.connect(room.sid, { token });
  return answer;
}

export async function recordOf(db: Db, id: string): Promise<AppointmentRecord> {
  const loaded = await loadAppointment(db, id);
  if (loaded === null) throw new Error(`there is no appointment ${id}`);
  return loaded.record;
}

/** Lives of which something that was due at `now`, epoch ms, is not written down yet, or a message is undecided. */
export async function notDurable(db: Db, lives: readonly Life[], now: number): Promise<Life[]> {
  const ids = lives.map(({ id }) => id);
  const messages = await db
    .selectFrom('message')
    .where('appointmentId', 'in', ids)
    .where('handledAt', 'is', null)
    .where('receivedAt', '<=', new Date(now))
    .select('appointmentId')
    .execute();
  const undecided = new Set(messages.map(({ appointmentId }) => appointmentId));
  const records = await Promise.all(ids.map((id) => recordOf(db, id)));
  return lives.filter(({ id }, index) => undecided.has(id) || nextDue(records[index]!, now) !== null);
}

/** How long it takes until all that was due at `since` is written down, ms. @throws after `limitMs` */
export async function untilDurable(db: Db, lives: readonly Life[], since: number, limitMs: number): Promise<number> {
  const what = `durable: all that was due at ${new Date(since).toISOString()}`;
  await until(what, async () => (await notDurable(db, lives, since)).length === 0, limitMs);
  return Date.now() - since;
}

/** Waits until every life is over. */
export async function allOver(db: Db, lives: readonly Life[], limitMs: number): Promise<void> {
  const ids = lives.map(({ id }) => id);
  const open = () =>
    db.selectFrom('appointment').where('id', 'in', ids).where('outcomeAt', 'is', null).select('id').execute();
  await until('every life is over', async () => (await open()).length === 0, limitMs);
}
