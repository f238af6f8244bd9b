import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import { openCheckout, payAtProvider, type Method } from './support/refunds.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterEach(() => {
  world.sandbox.control.clearFaults();
  world.sandbox.control.refunds.clearPlans();
});
afterAll(() => world.close());

/** Paid by card and never activated: expires soon, and all of it goes back. */
async function expiring(method: Method, walletMinor = 0) {
  const { db } = world;
  const [client, therapist] = [await makeClient(db, walletMinor), await makeTherapist(db)];
  await makePerson(db, 'admin');
  const id = await steps.book(world, { client, therapist, inMs: 1_500, durationMinutes: 60 });
  const open = await openCheckout(world, id, method);
  await payAtProvider(world, open);
  return { id, client, therapist, ...open };
}

const refundsOf = (id: string) =>
  world.db.selectFrom('refund').where('appointmentId', '=', id).selectAll().orderBy('id').execute();
const atProvider = (providerRef: string) => world.sandbox.control.refunds.list(providerRef);

/** What the wallet, the provider's clearing and what is on its way have in this world. */
async function books() {
  const rows = await world.db
    .selectFrom('account')
    .select((eb) => ['kind', eb.fn.sum<string>('balanceMinor').as('sum')])
    .groupBy('kind')
    .execute();
  return Object.fromEntries(rows.map(({ kind, sum }) => [kind, Number(sum)]));
}

describe.each(['stripe', 'razorpay'] as const)('by %s', (method) => {
  test('a whole life: paid, never activated, expired: the money is back at its source and nothing is left', async () => {
    const before = await books();
    const { id, providerRef, client } = await expiring(method);
    await steps.until('completed', async () => (await refundsOf(id))[0]?.status === 'completed');
    expect(await steps.stored(world, id)).toMatchObject({ status: 'expired', hold: 'voided' });
    const [refund] = await refundsOf(id);
    expect(atProvider(providerRef)).toEqual([
      expect.objectContaining({ id: refund!.providerRef, refundId: refund!.id, amountMinor: refund!.amountMinor }),
    ]);
    const after = await books();
    for (const kind of [`${method}_clearing`, 'refund_pending']) expect(after[kind], kind).toBe(before[kind] ?? 0);
    expect((await steps.balances(world, client))['client_wallet']).toBe(0);
  });
});
