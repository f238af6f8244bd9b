import { randomUUID } from 'node:crypto';
import { openDatabase, type Trx } from '../../db/database.js';
import { insertPeople } from '../../db/people.js';
import { grantPromotion } from '../../db/promotions.js';
import { assertChargeable } from '../../db/seeds.js';
import { defaultPolicy } from '../../domain/policy.js';
import type { Role } from '../../domain/types.js';
import type { LifePlan } from './plan.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

/** Somebody who signs in by `subject`. */
export interface Person {
  id: string;
  subject: string;
}

/** Who takes part in a life; nobody takes part in two, so that no life waits for another. */
export interface Cast {
  client: Person;
  therapist: Person;
  rival: Person | null;
}

export interface People {
  admin: Person;
  casts: Cast[];
}

const RATES = { video: 9_995, audio: 8_333, chat: 6_667 };
const DURATIONS = [10, 20, 30];
const WALLET_MINOR = 1_000_000;
/** Rows of one INSERT. */
const CHUNK = 500;

type NewPerson = Person & { role: Role };

/** A telephone number that no country has, one a person: an SMS belongs to one of them. */
const phoneOf = (index: number): string => `+999${String(index).padStart(8, '0')}`;

async function insertAll(trx: Trx, people: readonly NewPerson[]): Promise<void> {
  const rows = people.map(({ id, subject, role }, index) => ({
    id,
    subject,
    role,
    name: `Chaos ${subject}`,
    email: `${subject}@example.test`,
    phone: phoneOf(index),
    locale: 'en-GB',
    timeZone: 'Etc/UTC',
  }));
  await insertPeople(trx, rows);
}

/** At the life's speed, with a day that is short enough for both kinds of cancellation and for a client's move. */
function policyOf({ minuteMs }: LifePlan): string {
  const shortDay = { bufferMinutes: 1, freeCancellationMinutes: 16, rescheduleUntilMinutes: 12 };
  return JSON.stringify({ ...defaultPolicy(minuteMs), ...shortDay });
}

async function insertTherapists(trx: Trx, lives: readonly LifePlan[], casts: readonly Cast[]): Promise<void> {
  const rows = lives.map((life, index) => ({
    id: casts[index]!.therapist.id,
    currency: life.currency,
    durationsMinutes: DURATIONS,
    rates: JSON.stringify(RATES),
    policy: policyOf(life),
  }));
  for (let from = 0; from < rows.length; from += CHUNK)
    await trx
      .insertInto('therapist')
      .values(rows.slice(from, from + CHUNK))
      .execute();
}

const newPerson = (subject: string): Person => ({ id: randomUUID(), subject });

/** Puts in who takes part in these lives, and funds the wallets of those who pay by wallet. */
export async function insertCasts(databaseUrl: string, lives: readonly LifePlan[]): Promise<People> {
  for (const currency of ['INR', 'USD', 'EUR'])
    assertChargeable({ subject: 'chaos', currency, rates: RATES, durationsMinutes: DURATIONS });
  const admin = newPerson('admin');
  const casts = lives.map(({ index, rival }) => ({
    client: newPerson(`client-${index}`),
    therapist: newPerson(`therapist-${index}`),
    rival: rival ? newPerson(`rival-${index}`) : null,
  }));
  const people: NewPerson[] = [
    { ...admin, role: 'admin' },
    ...casts.flatMap(({ client, therapist, rival }) => [
      { ...client, role: 'client' as const },
      { ...therapist, role: 'therapist' as const },
      ...(rival === null ? [] : [{ ...rival, role: 'client' as const }]),
    ]),
  ];
  const db = openDatabase(databaseUrl, { maxConnections: 1, fieldKeys: throwawayFieldKeys });
  try {
    await db.transaction().execute(async (trx) => {
      await insertAll(trx, people);
      await insertTherapists(trx, lives, casts);
      for (const [index, { method, currency }] of lives.entries()) {
        if (method !== 'wallet') continue;
        const clientId = casts[index]!.client.id;
        await grantPromotion(trx, { idempotencyKey: `chaos:${index}`, clientId, currency, amountMinor: WALLET_MINOR });
      }
    });
  } finally {
    await db.destroy();
  }
  return { admin, casts };
}
