import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { makeParties } from '../tests/support/appointments.js';
import { balanceOf, expectBooksInOrder, settle } from '../tests/support/disputes.js';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
beforeEach(async () => {
  world.sandbox.control.clearFaults();
  world.sandbox.control.setWebhookMode({});
  own = { db: world.db, parties: await makeParties(world.db) };
});

type Method = 'stripe' | 'razorpay';

/** Every webhook has been answered with 2xx, or will never be. */
async function delivered(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    await world.settled();
    if (!world.sandbox.control.webhooks().some(({ state }) => state === 'pending')) return;
    await sleep(50);
  }
  throw new Error('webhooks are still under way');
}

interface Paid {
  id: string;
  paymentId: string;
  providerRef: string;
}

/** Paid at the provider's checkout, and settled when asked for. */
async function paid(method: Method, { settled = false } = {}): Promise<Paid> {
  const id = await booked(own);
  const { body } = await world.post(own.parties.client, `/v1/appointments/${id}/payments`, { method }, randomUUID());
  const paymentId = String(body['id']);
  const { providerRef } = await world.db
    .selectFrom('payment')
    .where('id', '=', paymentId)
    .select('providerRef')
    .executeTakeFirstOrThrow();
  world.sandbox.control.payments.act(providerRef!, 'pay');
  await delivered();
  await commitAppointment(world.db, id);
  if (settled) await settle(world.db, id);
  return { id, paymentId, providerRef: providerRef! };
}

const paymentOf = (id: string) =>
  world.db.selectFrom('payment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const disputesOf = (paymentId: string) =>
  world.db.selectFrom('dispute').where('paymentId', '=', paymentId).selectAll().execute();
const unhandled = () =>
  world.db
    .selectFrom('providerEvent')
    .where('handledAt', 'is', null)
    .where('type', 'like', '%dispute%')
    .selectAll()
    .execute();
const bank = (...told: Parameters<ApiWorld['sandbox']['control']['disputes']['act']>) =>
  world.sandbox.control.disputes.act(...told);

describe.each(['stripe', 'razorpay'] as const)('%s', (method) => {
  test('a dispute opened and lost after the session, every webhook five times and shuffled', async () => {
    const { id, paymentId, providerRef } = await paid(method, { settled: true });
    const before = await balanceOf(world.db, 'dispute_loss:-:INR');
    world.sandbox.control.setWebhookMode({ duplicates: 4, reorder: true });
    bank(providerRef, 'open_dispute', { evidenceDueAt: '2027-01-05T12:00:00Z' });
    bank(providerRef, 'lose_dispute');
    await delivered();
    expect(await disputesOf(paymentId)).toMatchObject([{ status: 'lost', countedMinor: 6_000, currency: 'INR' }]);
    expect(await paymentOf(paymentId)).toMatchObject({ status: 'disputed', disputedMinor: 6_000 });
    expect((await balanceOf(world.db, 'dispute_loss:-:INR')) - before).toBe(-6_000);
    expect(await unhandled()).toEqual([]);
    const { body } = await world.send(own.parties.admin, '/v1/admin/disputes?status=lost&limit=1');
    expect(body['items']).toMatchObject([
      { provider: method, appointmentId: id, amountMinor: 6_000, evidenceDueAt: '2027-01-05T12:00:00.000Z' },
    ]);
    await expectBooksInOrder(world.db);
  });

  test('opened and won before the session, one by one', async () => {
    const { paymentId, providerRef } = await paid(method);
    bank(providerRef, 'open_dispute', { amountMinor: 2_500 });
    await delivered();
    expect(await paymentOf(paymentId)).toMatchObject({ status: 'disputed', disputedMinor: 2_500 });
    bank(providerRef, 'win_dispute');
    await delivered();
    expect(await paymentOf(paymentId)).toMatchObject({ status: 'completed', disputedMinor: 0 });
    expect(await disputesOf(paymentId)).toMatchObject([{ status: 'won', amountMinor: 2_500 }]);
    await expectBooksInOrder(world.db);
  });

  test('while the provider cannot be asked, the event is kept and sent again', async () => {
    const { paymentId, providerRef } = await paid(method, { settled: true });
    const path = method === 'stripe' ? '/v1/disputes' : '/razorpay/v1/disputes';
    world.sandbox.control.addFault({ provider: method, path, kind: 'error500', times: 4 });
    bank(providerRef, 'open_dispute');
    await delivered();
    expect(await disputesOf(paymentId)).toMatchObject([{ status: 'open', countedMinor: 6_000 }]);
    const tries = world.sandbox.control
      .webhooks()
      .flatMap(({ type, attempts }) => (/dispute/.test(type) ? attempts : []));
    expect(tries.some(({ status }) => status === 503)).toBe(true);
    expect(await unhandled()).toEqual([]);
  });
});

test('a dispute about money that nobody knows is acknowledged and stays unhandled', async () => {
  const { providerRef, paymentId } = await paid('razorpay');
  await world.db
    .updateTable('payment')
    .set({ method: 'stripe', providerRef: `gone_${paymentId}`, chargeRef: null })
    .where('id', '=', paymentId)
    .execute();
  const { id } = bank(providerRef, 'open_dispute');
  await delivered();
  const [event, ...others] = (await unhandled()).filter(({ payload }) => JSON.stringify(payload).includes(id));
  expect(event).toMatchObject({ provider: 'razorpay', type: 'payment.dispute.created', paymentId: null });
  expect(others).toEqual([]);
  await world.db.updateTable('providerEvent').set({ handledAt: new Date() }).where('handledAt', 'is', null).execute();
});

describe('an admin', () => {
  test('reverses the earnings of a lost dispute, once', async () => {
    const { paymentId, providerRef, id } = await paid('stripe', { settled: true });
    bank(providerRef, 'open_dispute');
    bank(providerRef, 'lose_dispute');
    await delivered();
    const [dispute] = await disputesOf(paymentId);
    const path = `/v1/admin/disputes/${dispute!.id}/reverse-earnings`;
    const reason = 'The session never took place.';
    const answers = await Promise.all([1, 2, 3].map(() => world.post(own.parties.admin, path, { reason }, 'once')));
    const sums = { currency: 'INR', grossMinor: 6_000, feeMinor: 1_200, netMinor: 4_800 };
    for (const { status, body } of answers)
      if (status === 200) expect(body).toEqual({ disputeId: dispute!.id, ...sums });
      else expect(body).toMatchObject({ code: 'request_in_progress' });
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(await world.post(own.parties.admin, path, { reason }, 'again')).toMatchObject({
      status: 409,
      body: { code: 'nothing_to_reverse' },
    });
    const { body } = await world.send(own.parties.admin, '/v1/admin/disputes?status=lost');
    expect((body['items'] as object[])[0]).toMatchObject({ appointmentId: id, reversedMinor: 6_000 });
    await expectBooksInOrder(world.db);
  });

  test('is told why not', async () => {
    const { paymentId, providerRef } = await paid('stripe', { settled: true });
    bank(providerRef, 'open_dispute');
    await delivered();
    const [dispute] = await disputesOf(paymentId);
    const reverse = (disputeId: string, body: object = { reason: 'x' }) =>
      world.post(own.parties.admin, `/v1/admin/disputes/${disputeId}/reverse-earnings`, body);
    expect(await reverse(dispute!.id)).toMatchObject({ status: 409, body: { code: 'dispute_not_lost' } });
    expect(await reverse(randomUUID())).toMatchObject({ status: 404, body: { code: 'dispute_not_found' } });
    expect(await reverse('none')).toMatchObject({ status: 404, body: { code: 'dispute_not_found' } });
    expect(await reverse(dispute!.id, {})).toMatchObject({ status: 422 });
  });

  test('alone sees disputes, page after page', async () => {
    expect((await world.send(own.parties.client, '/v1/admin/disputes')).status).toBe(403);
    expect((await world.send(own.parties.therapist, '/v1/admin/disputes')).status).toBe(403);
    const all = (await world.send(own.parties.admin, '/v1/admin/disputes')).body['items'] as { id: string }[];
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await world.send(own.parties.admin, `/v1/admin/disputes?limit=2${query}`);
      seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      cursor = body['nextCursor'] as string | null;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(seen.length).toBeGreaterThan(4);
  });
});
