import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { insertPeople, insertPerson } from '../../db/people.js';
import { grantPromotion } from '../../db/promotions.js';
import type { Policy } from '../../domain/policy.js';
import { oidcCredentials } from '../../sandbox/credentials.js';
import { forEachAtOnce } from '../at-once.js';

/** Somebody of the herd; `subject` is the name to sign in with. */
export interface HerdPerson {
  id: string;
  subject: string;
}

export interface HerdPeople {
  clients: HerdPerson[];
  therapists: HerdPerson[];
  admin: HerdPerson;
}

export const HERD_CURRENCY = 'INR';
export const HERD_DURATION_MINUTES = 60;
const RATE_MINOR = 6_000;
const WALLETS_A_TRANSACTION = 200;

/** +999 is no country's code: these numbers are nobody's. Ten digits follow, of which the first tells the role. */
async function insertRole(db: Db, role: 'client' | 'therapist', count: number): Promise<HerdPerson[]> {
  const digit = role === 'client' ? '1' : '2';
  const people = Array.from({ length: count }, (_, index) => {
    const n = index + 1;
    const subject = `herd-${role}-${n}`;
    const phone = `+999${digit}${String(n).padStart(9, '0')}`;
    return { subject, role, name: `Herd ${role} ${n}`, email: `${subject}@example.test`, phone };
  });
  return [...(await insertPeople(db, people))].map(([subject, id]) => ({ id, subject }));
}

/**
 * Puts in so many clients with money for one session, as many therapists who are always open, and one admin. One pair
 * an appointment: nobody can be at two sessions of the same second.
 */
export async function insertHerd(db: Db, count: number, policy: Policy): Promise<HerdPeople> {
  const clients = await insertRole(db, 'client', count);
  const therapists = await insertRole(db, 'therapist', count);
  await sql`
    insert into therapist (id, currency, durations_minutes, rates, policy)
    select id, ${HERD_CURRENCY}, array[${HERD_DURATION_MINUTES}::int],
      ${JSON.stringify({ video: RATE_MINOR, audio: RATE_MINOR, chat: RATE_MINOR })}::jsonb, ${JSON.stringify(policy)}::jsonb
    from person where role = 'therapist' and subject like 'herd-%'`.execute(db);
  const admin = { subject: 'herd-admin', role: 'admin', name: 'Herd admin', email: 'herd-admin@example.test' } as const;
  const adminId = await insertPerson(db, admin);
  await fund(db, clients);
  return { clients, therapists, admin: { id: adminId, subject: admin.subject } };
}

async function fund(db: Db, clients: readonly HerdPerson[]): Promise<void> {
  for (let from = 0; from < clients.length; from += WALLETS_A_TRANSACTION) {
    await db.transaction().execute(async (trx) => {
      for (const { id } of clients.slice(from, from + WALLETS_A_TRANSACTION)) {
        const grant = { clientId: id, currency: HERD_CURRENCY, amountMinor: RATE_MINOR * 2 };
        await grantPromotion(trx, { ...grant, idempotencyKey: `herd:${id}` });
      }
    });
  }
}

const SIGN_INS_AT_ONCE = 8;

/** Access tokens of the sandbox's OpenID provider, by subject. */
export async function signInAll(issuer: string, people: readonly HerdPerson[]): Promise<Map<string, string>> {
  const { cliClientId, signInGrantType } = oidcCredentials;
  const tokens = new Map<string, string>();
  await forEachAtOnce(people, SIGN_INS_AT_ONCE, async ({ subject }) => {
    const body = new URLSearchParams({ grant_type: signInGrantType, client_id: cliClientId, sign_in: subject });
    const answer = await fetch(`${issuer}/token`, { method: 'POST', body });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`the sandbox signed ${subject} not in: ${answer.status}`);
    tokens.set(subject, token);
  });
  return tokens;
}
