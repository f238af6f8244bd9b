import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { payByWallet } from '../db/payment-requests.js';
import { completeTopUp } from '../db/payments.js';
import { grantPromotion } from '../db/promotions.js';
import { bookAppointment, MINUTE_MS, type Parties, passUntilStart } from '../tests/support/appointments.js';
import { makePerson, makeTherapist, type TestPerson } from '../tests/support/people.js';
import { over } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

interface Credit {
  kind: string;
  paymentId: string | null;
  amountMinor: number;
  remainingMinor: number;
  expiresAt: string | null;
}
interface Wallet {
  currency: string;
  balanceMinor: number;
  heldMinor: number;
  availableMinor: number;
  credits: Credit[];
}

const walletsOf = async (person: TestPerson) =>
  (await world.send(person, '/v1/wallets')).body['items'] as unknown as Wallet[];
const creditsOf = async (person: TestPerson) =>
  (await walletsOf(person))[0]!.credits.map(({ kind, remainingMinor }) => [kind, remainingMinor]);

async function topUp(person: TestPerson, amountMinor: number, currency = 'INR'): Promise<string> {
  return world.db.transaction().execute(async (trx) => {
    const payment = await trx
      .insertInto('payment')
      .values({ clientId: person.id, purpose: 'top_up', method: 'stripe', amountMinor, currency })
      .returningAll()
      .executeTakeFirstOrThrow();
    await completeTopUp(trx, { payment, amountMinor, currency, chargeRef: `ch_${payment.id}` });
    return payment.id;
  });
}

function promote(person: TestPerson, amountMinor: number): Promise<void> {
  const grant = {
    idempotencyKey: `gift:${person.id}:${amountMinor}`,
    clientId: person.id,
    currency: 'INR',
    amountMinor,
  };
  return world.db.transaction().execute((trx) => grantPromotion(trx, grant));
}

/** A client without money, and a therapist at 60.00 an hour. */
async function newParties(): Promise<Parties> {
  const { admin } = world.parties;
  const therapist = await makeTherapist(world.db, { minuteMs: 60_000, maxUnpaidBookings: 8 });
  return { client: await makePerson(world.db, 'client'), therapist, admin };
}

async function payFor(parties: Parties, inDays: number): Promise<string> {
  const id = await bookAppointment(world.db, parties, { inMs: inDays * 86_400_000 });
  await payByWallet(world.db, id);
  await commitAppointment(world.db, id);
  return id;
}

describe('a wallet', () => {
  test('lists its credits with kind, source and what remains; their sum is what is available', async () => {
    const { client } = await newParties();
    const first = await topUp(client, 5_000);
    await promote(client, 700);
    await topUp(client, 90, 'JPY');
    const [inr, jpy] = await walletsOf(client);
    expect(inr).toMatchObject({ currency: 'INR', balanceMinor: 5_700, heldMinor: 0, availableMinor: 5_700 });
    expect(inr!.credits).toMatchObject([
      { kind: 'promotion', paymentId: null, amountMinor: 700, remainingMinor: 700, expiresAt: null },
      { kind: 'top_up', paymentId: first, amountMinor: 5_000, remainingMinor: 5_000, expiresAt: null },
    ]);
    expect(jpy).toMatchObject({
      currency: 'JPY',
      availableMinor: 90,
      credits: [{ kind: 'top_up', remainingMinor: 90 }],
    });
  });

  test('spends promotions first, then the oldest, and what comes back returns to where it came from', async () => {
    const parties = await newParties();
    const { client } = parties;
    await topUp(client, 4_000);
    await topUp(client, 4_000);
    await promote(client, 1_000);
    const id = await payFor(parties, 1); // 6,000: 1,000 of the gift, 4,000 of the first, 1,000 of the second
    expect(await creditsOf(client)).toEqual([['top_up', 3_000]]);
    expect((await walletsOf(client))[0]).toMatchObject({
      balanceMinor: 9_000,
      heldMinor: 6_000,
      availableMinor: 3_000,
    });
    await expireUnactivated(id);
    expect(await creditsOf(client)).toEqual([
      ['promotion', 1_000],
      ['top_up', 4_000],
      ['top_up', 4_000],
    ]);
    const [wallet] = await walletsOf(client);
    expect(wallet!.credits.reduce((sum, { remainingMinor }) => sum + remainingMinor, 0)).toBe(wallet!.availableMinor);
  });

  test('of nobody is an empty list', async () => {
    expect(await walletsOf(await makePerson(world.db, 'client'))).toEqual([]);
  });
});

/** Lets the activation's grace pass, so that the hold is voided. */
async function expireUnactivated(id: string): Promise<void> {
  await passUntilStart(world.db, id, 11 * MINUTE_MS);
  await commitAppointment(world.db, id);
}

test('transactions name what each credit is and the payment behind it', async () => {
  const parties = await newParties();
  const { client } = parties;
  const paymentId = await topUp(client, 9_000);
  await promote(client, 500);
  const { body } = await world.send(client, '/v1/wallets/INR/transactions');
  expect(body['items']).toMatchObject([
    { kind: 'promotion', amountMinor: 500, credit: { kind: 'promotion', paymentId: null, expiresAt: null } },
    { kind: 'top_up', amountMinor: 9_000, paymentId, credit: { kind: 'top_up', paymentId, expiresAt: null } },
  ]);
});

test('money that leaves is no credit', async () => {
  const parties = await newParties();
  await topUp(parties.client, 9_000);
  await over({ db: world.db, parties });
  const { body } = await world.send(parties.client, '/v1/wallets/INR/transactions');
  expect(body['items']).toMatchObject([
    { kind: 'settle', amountMinor: -6_000, credit: null },
    { kind: 'top_up', amountMinor: 9_000 },
  ]);
});
