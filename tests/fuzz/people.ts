import { randomUUID } from 'node:crypto';
import { SCOPES } from '../../api/access.js';
import { hashOfSecret, randomSecret } from '../../api/secrets.js';
import { OBJECTS } from '../../api/test-access-objects.js';
import * as lives from '../../api/test-lives.js';
import type { ApiWorld } from '../../api/test-world.js';
import { makeServiceToken } from '../../db/service-tokens.js';
import { openSession } from '../../db/web-sessions.js';
import { makeClient, makeTherapist, type TestPerson } from '../support/people.js';
import type { Pools } from './inputs.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const DOOMED = 20;

/** A caller: what it is called in reports, and the headers that let it in. */
export interface Actor {
  name: string;
  headers: Record<string, string>;
}

export interface Cast {
  actors: Actor[];
  /** Those who ask for their own erasure: nobody else's requests suffer. */
  doomed: Actor[];
  pools: Pools;
}

async function bearer(world: ApiWorld, name: string, person: TestPerson): Promise<Actor> {
  return { name, headers: { authorization: `Bearer ${await world.tokenOf(person.subject)}` } };
}

async function service(world: ApiWorld): Promise<Actor> {
  const secret = `pst_${randomSecret()}`;
  await makeServiceToken(world.db, {
    id: randomUUID(),
    name: 'Fuzz',
    scopes: [...SCOPES],
    secretHash: hashOfSecret(secret),
    createdBy: world.parties.admin.id,
    expiresAt: new Date(Date.now() + 10 * HOUR_MS),
  });
  return { name: 'service', headers: { authorization: `Bearer ${secret}` } };
}

async function session(world: ApiWorld, person: TestPerson): Promise<Actor> {
  const secret = randomSecret();
  const limits = { longestMs: 10 * HOUR_MS, idleMs: 10 * HOUR_MS };
  await openSession(world.db, { secretHash: hashOfSecret(secret), personId: person.id, replaces: null }, limits);
  return { name: 'session', headers: { cookie: `punctual=${secret}`, 'sec-fetch-site': 'same-origin' } };
}

/** Appointments in every state, by the commits that a worker makes, and some that the API books with their workflows. */
async function makeAppointments(world: ApiWorld, each: number): Promise<string[]> {
  const { client, therapist, admin } = world.parties;
  const ids: string[] = [];
  let hours = 2 * DAY_HOURS;
  for (let n = 0; n < each; n += 1) {
    const body = { therapistId: therapist.id, startsAt: new Date(Date.now() + (hours += 2) * HOUR_MS).toISOString() };
    const wish = { ...body, durationMinutes: 60, sessionMode: ['video', 'audio', 'chat'][n % 3] };
    const { status, body: made } = await world.post(client, '/v1/appointments', wish, randomUUID());
    if (status !== 201) throw new Error(`no booking: ${JSON.stringify(made)}`);
    const id = String(made['id']);
    ids.push(id);
    await world.post(client, `/v1/appointments/${id}/payments`, { method: 'wallet' }, randomUUID());
    if (n % 2 === 0) await world.post(admin, `/v1/appointments/${id}/activate`, {}, randomUUID());
  }
  // Each life has parties of its own: one shown open or over would stand in the way of the next.
  for (const make of [lives.booked, lives.paid, lives.activated, lives.open, lives.over]) {
    for (let n = 0; n < each; n += 1) {
      const own =
        n % 2 === 0 ? { ...world.parties, therapist: await makeTherapist(world.db, { minuteMs: 60_000 }) } : null;
      const parties = own ?? { client: await makeClient(world.db), therapist, admin };
      const inMs = (hours += 2) * HOUR_MS;
      ids.push(await make({ db: world.db, parties }, { inMs }).catch(() => ids[0]!));
    }
  }
  return ids;
}

/** Everybody who calls, and everything that there is to call for. */
export async function makeCast(world: ApiWorld, each: number): Promise<Cast> {
  const { db, parties } = world;
  const { client, therapist, admin } = parties;
  const appointments = await makeAppointments(world, each);
  const other = await makeClient(db);
  const doomed = await Promise.all(Array.from({ length: DOOMED }, () => makeClient(db)));
  const sessions = await Promise.all(
    (['client', 'therapist', 'admin'] as const).map((role) => OBJECTS.session({ db, role, parties })),
  );
  const tokens = await Promise.all(['a', 'b'].map(() => OBJECTS.service_token({ db, role: 'admin', parties })));
  const payments = await db.selectFrom('payment').select(['id', 'providerRef']).execute();
  const cookie = await session(world, client);
  return {
    actors: [
      await bearer(world, 'client', client),
      await bearer(world, 'client', client),
      await bearer(world, 'therapist', therapist),
      await bearer(world, 'admin', admin),
      await bearer(world, 'admin', admin),
      await bearer(world, 'another client', other),
      await bearer(world, 'another therapist', await makeTherapist(db)),
      await bearer(world, 'nobody we know', { id: '', subject: `stranger-${randomUUID()}` }),
      await service(world),
      cookie,
      { name: 'cookie from elsewhere', headers: { ...cookie.headers, 'sec-fetch-site': 'cross-site' } },
      { name: 'nobody', headers: {} },
      { name: 'wrong token', headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' } },
    ],
    doomed: await Promise.all(doomed.map((person) => bearer(world, 'doomed', person))),
    pools: {
      'appointments.id': appointments,
      appointmentId: appointments,
      'therapists.id': [therapist.id],
      therapistId: [therapist.id, therapist.id, therapist.id, client.id],
      clientId: [client.id, other.id],
      actorId: [client.id, admin.id],
      personId: [client.id],
      'sessions.id': sessions,
      'people.id': doomed.map(({ id }) => id),
      'service-tokens.id': tokens,
      currency: ['INR', 'USD', 'EUR'],
      file: ['swagger-ui.css', 'start.js', 'nobody.ics'],
      month: ['2026-11', '2026-02'],
      durationMinutes: ['60'],
      providerRef: payments.flatMap(({ providerRef }) => (providerRef === null ? [] : [providerRef])),
      paymentId: payments.map(({ id }) => id),
    },
  };
}
