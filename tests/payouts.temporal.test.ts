import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readPayoutBatch } from '../db/payout-lists.js';
import { createPayoutBatch } from '../db/payouts.js';
import { earn, type EarningTherapist, payableOf, therapistPaidIn } from '../db/test-earnings.js';
import { payoutWorkflowId } from '../workflows/payout-messages.js';
import { createHttpWorld, type HttpWorld } from './support/http-world.js';
import { makePerson } from './support/people.js';

let world: HttpWorld;
beforeAll(async () => {
  world = await createHttpWorld();
  await world.startWorker();
});
afterAll(() => world.close());
afterEach(() => world.sandbox.control.clearFaults());

async function therapistWith(currency: string, account: string | null, gross = 10_000): Promise<EarningTherapist> {
  const therapist = await therapistPaidIn(world.db, currency, account);
  await earn(world.db, therapist, gross);
  return therapist;
}

async function payOut(currency: string, rail: 'csv' | 'stripe_connect'): Promise<string> {
  const id = randomUUID();
  const { id: createdBy } = await makePerson(world.db, 'admin');
  expect(await createPayoutBatch(world.db, { id, currency, rail, createdBy })).toBe(true);
  return id;
}

/** Waits until the relay has started the batch's workflow and that has ended. */
async function ended(batchId: string) {
  const started = async () =>
    (await world.db.selectFrom('payoutBatch').where('id', '=', batchId).select('nextAttemptAt').executeTakeFirst())
      ?.nextAttemptAt;
  await expect.poll(started, { timeout: 10_000 }).toBeNull();
  const result: unknown = await world.temporal.workflow.getHandle(payoutWorkflowId(batchId)).result();
  return { result, items: (await readPayoutBatch(world.db, batchId))!.items };
}

const transfers = () =>
  world.sandbox.control.calls().filter(({ method, path }) => method === 'POST' && path.includes('/transfers'));

describe('the relay starts the workflow of a batch', () => {
  test('whose file for the bank is then sent', async () => {
    const therapist = await therapistWith('EUR', null);
    const { result, items } = await ended(await payOut('EUR', 'csv'));
    expect(result).toEqual({ sent: 1, failed: 0 });
    expect(items).toMatchObject([
      { therapistId: therapist.id, status: 'sent', providerRef: null, sentAt: expect.any(Date) as Date },
    ]);
  });

  test('whose transfers go out once each, the refused ones come back, and a later batch pays them', async () => {
    const good = await Promise.all([therapistWith('USD', 'acct_1'), therapistWith('USD', 'acct_2')]);
    const closed = await therapistWith('USD', 'acct_closed');
    const { result, items } = await ended(await payOut('USD', 'stripe_connect'));
    expect(result).toEqual({ sent: 2, failed: 1 });
    const byTherapist = new Map(items.map((item) => [item.therapistId, item]));
    for (const { id } of good) {
      expect(byTherapist.get(id)).toMatchObject({
        status: 'sent',
        providerRef: expect.stringMatching(/^tr_/) as string,
      });
    }
    expect(byTherapist.get(closed.id)).toMatchObject({ status: 'failed', failureCode: 'account_closed' });
    expect(await payableOf(world.db, closed)).toBe(8_000);
    await world.db.updateTable('therapist').set({ stripeAccount: 'acct_3' }).where('id', '=', closed.id).execute();
    expect((await ended(await payOut('USD', 'stripe_connect'))).result).toEqual({ sent: 1, failed: 0 });
    expect(await payableOf(world.db, closed)).toBe(0);
  });

  test('whose answers are lost, which Stripe fails and cuts: one transfer each', async () => {
    const therapists = [];
    for (let n = 0; n < 5; n += 1) therapists.push(await therapistWith('GBP', `acct_g${n}`));
    const fault = { provider: 'stripe' as const, method: 'POST', path: '/transfers' };
    world.sandbox.control.addFault({ ...fault, kind: 'reset_after', times: 4 });
    world.sandbox.control.addFault({ ...fault, kind: 'error500', stored: false, times: 3 });
    const before = transfers().length;
    const { items } = await ended(await payOut('GBP', 'stripe_connect'));
    expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'sent'));
    expect(transfers().length - before).toBeGreaterThan(5);
    expect(new Set(items.map(({ providerRef }) => providerRef)).size).toBe(5);
    const [balance] = await world.db
      .selectFrom('account')
      .where('code', '=', 'stripe_clearing:-:GBP')
      .select('balanceMinor')
      .execute();
    expect(balance?.balanceMinor).toBe(40_000);
  });
});

test('more payouts than one round takes', async () => {
  for (let n = 0; n < 21; n += 1) await therapistWith('CHF', null);
  expect((await ended(await payOut('CHF', 'csv'))).result).toEqual({ sent: 21, failed: 0 });
});

test('a batch made over HTTP is on its way with the answer, and the therapist sees it arrive', async () => {
  const therapist = await therapistWith('NOK', 'acct_n1');
  const admin = await makePerson(world.db, 'admin');
  const made = await world.send(admin, 'POST', '/v1/admin/payouts', { currency: 'NOK', rail: 'stripe_connect' }, 'nok');
  expect(made).toMatchObject({ status: 201, body: { amountMinor: 8_000 } });
  const seen = async () => (await world.send(therapist, 'GET', '/v1/earnings')).body['payouts'];
  await expect.poll(seen, { timeout: 10_000 }).toMatchObject([{ status: 'sent', rail: 'stripe_connect' }]);
  const batch = await world.send(admin, 'GET', `/v1/admin/payouts/${made.body['id'] as string}`);
  expect(batch.body).toMatchObject({ payouts: { sent: 1 }, items: [{ providerRef: expect.any(String) as string }] });
  const again = await world.send(
    admin,
    'POST',
    '/v1/admin/payouts',
    { currency: 'NOK', rail: 'stripe_connect' },
    'nok',
  );
  expect(again.body['id']).toBe(made.body['id']);
});
