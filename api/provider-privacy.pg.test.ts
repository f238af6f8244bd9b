import { afterAll, beforeAll, expect, test } from 'vitest';
import { encryptField } from '../db/field-encryption.js';
import { makeParties, MINUTE_MS, passUntilStart } from '../tests/support/appointments.js';
import { activateRow, activated, booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** What vendors are sent of an appointment's whole way: ids, amounts, the brand; never what it is or who is in it. */

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

/** Everybody is called `Canary Therapist`; modes are chosen by what is called, and named nowhere. */
const NEVER = [/therap/i, /canary/i, /\bsession/i, /"(?:video|audio|chat)/i, /@/, /reason/i];

type Own = Pick<ApiWorld, 'db' | 'parties'>;

/** Parties of their own for each appointment: passed time would put one into the slot of another. */
async function canaries(): Promise<Own> {
  const parties = await makeParties(world.db);
  for (const { id } of Object.values(parties)) {
    const name = encryptField(world.db, 'person.name', id, 'Canary Therapist');
    await world.db.updateTable('person').set({ name }).where('id', '=', id).execute();
  }
  return { db: world.db, parties };
}

async function payBy({ parties }: Own, id: string, method: 'stripe' | 'razorpay'): Promise<void> {
  const { status, body } = await world.post(
    parties.client,
    `/v1/appointments/${id}/payments`,
    { method },
    `pay-${id}-${method}`,
  );
  expect(status).toBe(201);
  const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(body['id']) } });
  world.sandbox.control.payments.act(payment!.ref, 'pay');
}

async function join({ parties }: Own, id: string): Promise<string[]> {
  await passUntilStart(world.db, id, -2 * MINUTE_MS);
  const identities = [];
  for (const who of ['client', 'therapist'] as const) {
    const { status, body } = await world.post(parties[who], `/v1/appointments/${id}/join`, {});
    expect(status).toBe(200);
    identities.push((body['room'] as { identity: string }).identity);
    await world.post(parties[who], `/v1/appointments/${id}/leave`, {});
  }
  return identities;
}

test('payments, top-ups, rooms and conversations say nothing to their vendors', async () => {
  const identities: string[] = [];
  for (const sessionMode of ['video', 'audio', 'chat'] as const) {
    const own = await canaries();
    identities.push(...(await join(own, await activated(own, { sessionMode }))));
  }
  for (const method of ['stripe', 'razorpay'] as const) {
    await world.db.insertInto('topUpLimit').values({ method, currency: 'INR', maxMinor: 100_000 }).execute();
    const own = await canaries();
    const id = await booked(own);
    await payBy(own, id, method);
    await activateRow(own, id);
    const topUp = { method, amountMinor: 50_000 };
    const answer = await world.post(own.parties.client, '/v1/wallets/INR/top-ups', topUp, `top-up-${method}`);
    expect(answer.status).toBe(201);
  }
  await world.settled();
  const calls = world.sandbox.control.calls();
  expect(new Set(calls.map(({ provider }) => provider))).toEqual(new Set(['stripe', 'razorpay', 'twilio']));
  expect(calls.length).toBeGreaterThan(10);
  for (const { provider, method, path, body } of calls) {
    // What an address is called at the vendor is theirs; what we put into its query is ours.
    const sent = JSON.stringify([new URL(path, 'http://x').search, body]);
    // Where Twilio reports to is our own address, and no more than "video" of it is said.
    const ours = sent.replaceAll(/"StatusCallback":"[^"]*"/g, '');
    for (const words of NEVER) expect(ours, `${provider} ${method} ${path}`).not.toMatch(words);
  }
  const opened = calls.find(({ path }) => path.endsWith('/v1/payment_intents'));
  expect(opened?.body).toMatchObject({ description: 'Punctual' });
  for (const identity of identities) expect(identity).toMatch(/^[ab]-[0-9a-f-]+$/);
});
