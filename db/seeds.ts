import { sql } from 'kysely';
import { rateProblems } from '../domain/money-limits.js';
import { defaultPolicy, type Policy } from '../domain/policy.js';
import type { Role } from '../domain/types.js';
import { policyDecided } from './availability.js';
import { openDatabase, type Trx } from './database.js';
import type { KeyProvider } from './field-cipher.js';
import { insertPeople } from './people.js';
import { grantPromotion } from './promotions.js';
import {
  ADMIN,
  CLIENTS,
  DEMO_CLIENTS,
  DEMO_OPENING_BALANCES,
  DEMO_THERAPISTS,
  OPENING_BALANCES,
  THERAPISTS,
  TOP_UP_MAXIMA,
  type SeedPerson,
  type SeedTherapist,
} from './seed-people.js';

/** The names one can sign in with. */
export interface SeededSignIns {
  admin: string;
  therapists: string[];
  clients: string[];
  demoTherapists: string[];
  demoClients: string[];
}

/** How long a demo therapist's minute lasts: an hour's session takes half a minute. */
const DEMO_MINUTE_MS = 500;
const DEMO_BUFFER_MINUTES = 1;

/** Any number, the same in every process: two seedings at once come one after the other. */
const SEED_LOCK = 7_233_002;

const subjects = (people: readonly SeedPerson[]): string[] => people.map(({ subject }) => subject);

/**
 * Puts in the people one can try the service with, and funds the clients' wallets once. Safe to repeat: who is there
 * stays as they are, except for a therapist's policy, which follows `minuteMs` (booked appointments keep their own).
 */
export async function seed(
  databaseUrl: string,
  { minuteMs, fieldKeys }: { minuteMs: number; fieldKeys?: () => KeyProvider },
): Promise<SeededSignIns> {
  const db = openDatabase(databaseUrl, { maxConnections: 1, ...(fieldKeys && { fieldKeys }) });
  try {
    await db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(${SEED_LOCK})`.execute(trx);
      await insertSeeds(trx, [ADMIN], 'admin');
      await insertTherapists(trx, minuteMs);
      await insertTopUpLimits(trx);
      await fundWallets(trx, CLIENTS, OPENING_BALANCES);
      await fundWallets(trx, DEMO_CLIENTS, DEMO_OPENING_BALANCES);
    });
  } finally {
    await db.destroy();
  }
  return {
    admin: ADMIN.subject,
    therapists: subjects(THERAPISTS.filter(({ demo }) => !demo)),
    clients: subjects(CLIENTS),
    demoTherapists: subjects(DEMO_THERAPISTS),
    demoClients: subjects(DEMO_CLIENTS),
  };
}

const insertSeeds = (trx: Trx, people: readonly SeedPerson[], role: Role): Promise<Map<string, string>> =>
  insertPeople(
    trx,
    people.map(({ subject, name, email, phone, locale, timeZone }) => {
      return { subject, role, name, email, phone, locale, timeZone };
    }),
  );

function policyOf({ demo }: SeedTherapist, minuteMs: number): Policy {
  return demo ? { ...defaultPolicy(DEMO_MINUTE_MS), bufferMinutes: DEMO_BUFFER_MINUTES } : defaultPolicy(minuteMs);
}

/** @throws Error for a rate whose price a provider would refuse to charge: better here than at somebody's checkout. */
export function assertChargeable(
  therapist: Pick<SeedTherapist, 'subject' | 'currency' | 'rates' | 'durationsMinutes'>,
) {
  const problems = rateProblems(therapist);
  if (problems.length > 0) throw new Error(`${therapist.subject}: ${problems.join('; ')}`);
}

/** What wallets may be topped up with; what an operator has changed stays. */
async function insertTopUpLimits(trx: Trx): Promise<void> {
  const rows = Object.entries(TOP_UP_MAXIMA).flatMap(([currency, maxMinor]) =>
    (['stripe', 'razorpay'] as const).map((method) => ({ method, currency, maxMinor })),
  );
  await trx
    .insertInto('topUpLimit')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['method', 'currency']).doNothing())
    .execute();
}

async function insertTherapists(trx: Trx, minuteMs: number): Promise<void> {
  for (const therapist of THERAPISTS) assertChargeable(therapist);
  const ids = await insertSeeds(trx, THERAPISTS, 'therapist');
  const rows = THERAPISTS.map((therapist) => ({
    id: ids.get(therapist.subject)!,
    currency: therapist.currency,
    durationsMinutes: therapist.durationsMinutes,
    rates: JSON.stringify(therapist.rates),
    weeklyHours: therapist.weeklyHours === null ? null : JSON.stringify(therapist.weeklyHours),
    policy: JSON.stringify(policyOf(therapist, minuteMs)),
    stripeAccount: therapist.stripeAccount ?? null,
  }));
  await trx
    .insertInto('therapist')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ policy: sql<string>`excluded.policy || ${policyDecided()}` }),
    )
    .execute();
}

const topUpKey = (subject: string, currency: string): string => `seed-top-up:${subject}:${currency}`;

/** Posts one top-up per client and currency against the promotion account; the ones that were posted are left out. */
async function fundWallets(trx: Trx, clients: readonly SeedPerson[], balances: Record<string, number>): Promise<void> {
  const ids = await insertSeeds(trx, clients, 'client');
  const wanted = clients.flatMap(({ subject }) =>
    Object.entries(balances).map(([currency, amountMinor]) => ({
      subject,
      currency,
      amountMinor,
      key: topUpKey(subject, currency),
    })),
  );
  const posted = await trx
    .selectFrom('ledgerTransaction')
    .where(
      'idempotencyKey',
      'in',
      wanted.map(({ key }) => key),
    )
    .select('idempotencyKey')
    .execute();
  const done = new Set(posted.map(({ idempotencyKey }) => idempotencyKey));
  for (const { subject, currency, amountMinor, key } of wanted) {
    if (done.has(key)) continue;
    await grantPromotion(trx, { idempotencyKey: key, clientId: ids.get(subject)!, currency, amountMinor });
  }
}
