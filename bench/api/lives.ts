import { randomUUID } from 'node:crypto';
import { databaseNow } from '../../db/clock.js';
import type { Db } from '../../db/database.js';
import { insertPeople } from '../../db/people.js';
import { grantPromotion } from '../../db/promotions.js';
import { defaultPolicy, REAL_MINUTE_MS } from '../../domain/policy.js';
import type { Role } from '../../domain/types.js';
import { signInAll } from '../herd/people.js';
import { makeApproved as commitApproved } from '../made-appointments.js';

/** The people and the booked appointments that a measurement asks about. */

export interface BenchPerson {
  id: string;
  subject: string;
  token: string;
}

export const DAY_MS = 24 * 60 * REAL_MINUTE_MS;
const CURRENCY = 'INR';
const DURATION_MINUTES = 60;
const WALLET_MINOR = 100_000_000;

async function makePeople(db: Db, issuer: string, role: Role, count: number): Promise<BenchPerson[]> {
  const subjects = Array.from({ length: count }, () => `bench-${role}-${randomUUID()}`);
  const values = subjects.map((subject) => {
    return { subject, role, name: `Bench ${role}`, email: `${subject}@example.test`, phone: '+999000000001' };
  });
  const people = [...(await insertPeople(db, values))].map(([subject, id]) => ({ id, subject }));
  const tokens = await signInAll(issuer, people);
  return people.map(({ id, subject }) => ({ id, subject, token: tokens.get(subject)! }));
}

export async function makeAdmin(db: Db, issuer: string): Promise<BenchPerson> {
  return (await makePeople(db, issuer, 'admin', 1))[0]!;
}

/** Clients with more money than they can spend. */
export async function makeClients(db: Db, issuer: string, count: number): Promise<BenchPerson[]> {
  const clients = await makePeople(db, issuer, 'client', count);
  await db.transaction().execute(async (trx) => {
    for (const { id } of clients) {
      const grant = { idempotencyKey: `bench:${id}`, clientId: id, currency: CURRENCY, amountMinor: WALLET_MINOR };
      await grantPromotion(trx, grant);
    }
  });
  return clients;
}

/** Always open, 60.00 INR an hour, the policy's defaults in minutes that last a minute. */
export async function makeTherapists(db: Db, issuer: string, count: number): Promise<BenchPerson[]> {
  const therapists = await makePeople(db, issuer, 'therapist', count);
  const rates = JSON.stringify({ video: 6_000, audio: 6_000, chat: 6_000 });
  const policy = JSON.stringify(defaultPolicy(REAL_MINUTE_MS));
  const offers = therapists.map(({ id }) => {
    return { id, currency: CURRENCY, durationsMinutes: [DURATION_MINUTES], rates, policy };
  });
  await db.insertInto('therapist').values(offers).execute();
  return therapists;
}

/** Paid and approved, so many days from now, by the commits that a worker would make. @returns its id */
export async function makeApproved(
  db: Db,
  { client, therapist, admin }: Record<'client' | 'therapist' | 'admin', BenchPerson>,
  inDays: number,
): Promise<string> {
  const startsAt = (await databaseNow(db)) + inDays * DAY_MS;
  const toBook = { client: client.id, therapist: therapist.id, startsAt, durationMinutes: DURATION_MINUTES };
  return (await commitApproved(db, toBook, admin.id)).record.id;
}
