import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { insertPeople, insertPerson } from '../../db/people.js';
import { grantPromotion } from '../../db/promotions.js';
import { defaultPolicy, type Policy } from '../../domain/policy.js';

/** Who meets in one life; nobody is in two, so that no life waits for another's slot, wallet or lease. */
export interface Pair {
  client: string;
  therapist: string;
}

export interface LifePeople {
  pairs: Pair[];
  admin: string;
}

const CURRENCY = 'INR';
const RATE_MINOR = 6_000;
/** What a life's session lasts, policy minutes. */
export const DURATION_MINUTES = 60;
const WALLETS_A_TRANSACTION = 200;

async function insertRole(db: Db, role: 'client' | 'therapist', count: number): Promise<string[]> {
  const phone = role === 'client' ? '+9991' : '+9992'; // +999 is no country's
  const people = Array.from({ length: count }, (_, index) => {
    const n = index + 1;
    const subject = `life-${role}-${n}`;
    const contact = { email: `${subject}@example.test`, phone: `${phone}${String(n).padStart(9, '0')}` };
    return { subject, role, name: `Life ${role} ${n}`, ...contact };
  });
  return [...(await insertPeople(db, people)).values()];
}

/** The policy's defaults at speed; the payment window is long, so that a slow machine expires nobody. */
export function lifePolicy(minuteMs: number): Policy {
  return { ...defaultPolicy(minuteMs), bufferMinutes: 1, paymentWindowMinutes: 60 };
}

async function fund(db: Db, clients: readonly string[]): Promise<void> {
  for (let from = 0; from < clients.length; from += WALLETS_A_TRANSACTION) {
    await db.transaction().execute(async (trx) => {
      for (const clientId of clients.slice(from, from + WALLETS_A_TRANSACTION)) {
        const grant = { clientId, currency: CURRENCY, amountMinor: RATE_MINOR * 2 };
        await grantPromotion(trx, { ...grant, idempotencyKey: `life:${clientId}` });
      }
    });
  }
}

/** Puts in so many pairs, the clients with money for a session, and one admin. */
export async function insertPairs(db: Db, count: number, policy: Policy): Promise<LifePeople> {
  const clients = await insertRole(db, 'client', count);
  const therapists = await insertRole(db, 'therapist', count);
  const rates = JSON.stringify({ video: RATE_MINOR, audio: RATE_MINOR, chat: RATE_MINOR });
  await sql`
    insert into therapist (id, currency, durations_minutes, rates, policy)
    select id, ${CURRENCY}, array[${DURATION_MINUTES}::int], ${rates}::jsonb, ${JSON.stringify(policy)}::jsonb
    from person where role = 'therapist' and subject like 'life-%'`.execute(db);
  const admin = { subject: 'life-admin', role: 'admin', name: 'Life admin', email: 'life-admin@example.test' } as const;
  const adminId = await insertPerson(db, admin);
  await fund(db, clients);
  return { pairs: clients.map((client, index) => ({ client, therapist: therapists[index]! })), admin: adminId };
}
