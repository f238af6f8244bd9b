import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/database.js';
import { insertPerson } from '../../db/people.js';
import { grantPromotion } from '../../db/promotions.js';
import { defaultPolicy, type Policy } from '../../domain/policy.js';
import type { Role } from '../../domain/types.js';

/** Minutes of tests last this long unless a test says otherwise: an hour in six seconds. */
export const TEST_MINUTE_MS = 100;

export interface TestPerson {
  id: string;
  subject: string;
}

/** A person of a role, unique to the call. */
export async function makePerson(db: Db, role: Role): Promise<TestPerson> {
  const subject = `${role}-${randomUUID()}`;
  const contact = { name: `Test ${role}`, email: `${subject}@example.test`, phone: '+15005550010' };
  const id = await insertPerson(db, { subject, role, ...contact });
  return { id, subject };
}

/** A therapist who is always open, 60.00 INR an hour in every mode, with the policy's defaults at test speed. */
export async function makeTherapist(db: Db, policy: Partial<Policy> = {}): Promise<TestPerson> {
  const person = await makePerson(db, 'therapist');
  await db
    .insertInto('therapist')
    .values({
      id: person.id,
      currency: 'INR',
      durationsMinutes: [10, 20, 30, 60],
      rates: JSON.stringify({ video: 6_000, audio: 6_000, chat: 6_000 }),
      policy: JSON.stringify({ ...defaultPolicy(TEST_MINUTE_MS), bufferMinutes: 1, ...policy }),
    })
    .execute();
  return person;
}

/** A client with money on the wallet, 1,000.00 INR unless said otherwise. */
export async function makeClient(db: Db, walletMinor = 100_000): Promise<TestPerson> {
  const person = await makePerson(db, 'client');
  const grant = {
    idempotencyKey: `test-wallet:${person.id}`,
    clientId: person.id,
    currency: 'INR',
    amountMinor: walletMinor,
  };
  await db.transaction().execute((trx) => grantPromotion(trx, grant));
  return person;
}
