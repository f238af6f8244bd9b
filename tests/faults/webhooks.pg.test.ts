import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiWorld, createApiWorld } from '../../api/test-world.js';
import { commitAppointment } from '../../db/commit.js';
import { MINUTE_MS, passTime, recordOf, tryBooking } from '../support/appointments.js';
import { brokenRules, ledgersBooks, providersBooks } from '../support/provider-books.js';
import { clickToPay, makeRepeaters, untilPaid, type ProviderMethod } from './payer.js';

/** Stories of facts about webhooks that are late, doubled, shuffled, or that never were. */

let world: ApiWorld;
let people: Awaited<ReturnType<typeof makeRepeaters>>;
beforeAll(async () => {
  world = await createApiWorld();
});
beforeEach(async () => {
  people = await makeRepeaters(world);
});
afterEach(() => {
  world.sandbox.control.clearFaults();
  world.sandbox.control.setWebhookMode({});
});
afterAll(() => world.close());

const paymentOf = (id: string) =>
  world.db.selectFrom('payment').where('appointmentId', '=', id).selectAll().executeTakeFirstOrThrow();
const refundsOf = (id: string) => world.db.selectFrom('refund').where('appointmentId', '=', id).selectAll().execute();
const settledMessages = (id: string) =>
  world.db
    .selectFrom('message')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'payment_settled')
    .select('id')
    .execute();

/** Every webhook that has left has been answered for good. */
async function webhooksAnswered(): Promise<void> {
  const states = () => world.sandbox.control.webhooks().map(({ state }) => state);
  await expect.poll(states, { timeout: 15_000 }).not.toContain('pending');
  await world.settled();
}

async function expectEqualBooks(): Promise<void> {
  expect(await ledgersBooks(world.db)).toEqual(providersBooks(world.sandbox));
  expect(await brokenRules(world.db)).toEqual([]);
}

describe.each<ProviderMethod>(['stripe', 'razorpay'])('%s', (method) => {
  test('every webhook five times, shuffled, and at once: two orders for one payment never happen (razorpay-magento 291, vendure-plugins 620)', async () => {
    world.sandbox.control.setWebhookMode({ duplicates: 4, reorder: true });
    const ids = await Promise.all(Array.from({ length: 12 }, () => people.next()));
    await Promise.all(
      ids.map(async (id, index) => {
        const { ref } = await clickToPay(world, people, id, method);
        if (index % 3 === 0) world.sandbox.control.payments.act(ref, 'decline');
        world.sandbox.control.payments.act(ref, 'pay');
      }),
    );
    await webhooksAnswered();
    for (const id of ids) {
      expect(await settledMessages(id)).toHaveLength(1);
      await untilPaid(world, id);
      expect(await refundsOf(id)).toEqual([]);
    }
    const told = world.sandbox.control.webhooks().filter(({ provider }) => provider === method);
    const events = new Set(told.map(({ eventId }) => eventId));
    expect(told).toHaveLength(5 * events.size);
    await expectEqualBooks();
  });

  test('the checkout was abandoned; trying again confirms nothing, only the provider’s event does (cal.com 22126)', async () => {
    const id = await people.next();
    const first = await clickToPay(world, people, id, method);
    const again = await clickToPay(world, people, id, method);
    expect(again.ref).toBe(first.ref);
    await webhooksAnswered();
    await commitAppointment(world.db, id);
    expect(await recordOf(world.db, id)).toMatchObject({ paidAt: null, hold: 'none', status: 'scheduled' });
    const answer = await world.post(people.client, `/v1/appointments/${id}/payments`, { method }, randomUUID());
    expect(answer.body).toMatchObject({ status: 'pending' });
    world.sandbox.control.payments.act(first.ref, 'pay');
    await untilPaid(world, id);
  });

  test('an unpaid booking frees its slot at its deadline, a second one books it, and the late payer gets the money back, not the slot (cal.com 2170, 11278)', async () => {
    const id = await people.next();
    const { ref } = await clickToPay(world, people, id, method);
    const { startsAt } = await recordOf(world.db, id);
    const windowMs = 31 * MINUTE_MS;
    await passTime(world.db, id, windowMs);
    await world.db.updateTable('appointment').set({ paymentCheckedAt: new Date() }).where('id', '=', id).execute();
    expect((await commitAppointment(world.db, id))!.record).toMatchObject({ status: 'expired' });
    const second = await makeRepeaters(world);
    const slot = { client: second.client, therapist: people.therapist };
    const booked = await tryBooking(world.db, slot, { startsAt: startsAt - windowMs });
    expect(booked).toMatchObject({ booked: true });
    world.sandbox.control.payments.act(ref, 'pay');
    await expect.poll(() => settledMessages(id)).toHaveLength(1);
    await commitAppointment(world.db, id);
    expect(await recordOf(world.db, id)).toMatchObject({ status: 'expired', paidAt: null, hold: 'none' });
    expect(await refundsOf(id)).toMatchObject([{ destination: 'source', amountMinor: 6_000, reason: 'late_money' }]);
    const winner = booked.booked ? booked.loaded.record.id : '';
    expect(await recordOf(world.db, winner)).toMatchObject({ status: 'scheduled', paidAt: null });
    expect(await brokenRules(world.db)).toEqual([]);
  });

  test('what was paid at booking is ours until the session, weeks later: no authorisation that expires (woocommerce-gateway-stripe 1378)', async () => {
    const id = await people.next();
    const { ref, paymentId } = await clickToPay(world, people, id, method);
    world.sandbox.control.payments.act(ref, 'pay');
    await untilPaid(world, id);
    expect(world.sandbox.control.payments.get(ref).status).toMatch(/^(succeeded|paid)$/); // captured, not authorised
    expect(await paymentOf(id)).toMatchObject({ id: paymentId, capturedMinor: 6_000 });
    const hold = await world.db.selectFrom('hold').where('appointmentId', '=', id).selectAll().executeTakeFirst();
    expect(hold).toMatchObject({ status: 'held', amountMinor: 6_000 });
    await expectEqualBooks();
  });
});

describe('a capture', () => {
  const razorpayCapture = { provider: 'razorpay' as const, method: 'POST', path: '/capture' };

  test('answered 500, then "already captured": the payment is good and nothing is refunded (pay-connector 3962, medusa 12674, 13301)', async () => {
    const id = await people.next();
    const { ref } = await clickToPay(world, people, id, 'razorpay');
    world.sandbox.control.setWebhookMode({ hold: true });
    world.sandbox.control.payments.act(ref, 'authorize');
    world.sandbox.control.addFault({ ...razorpayCapture, kind: 'error500', times: 1 });
    world.sandbox.control.setWebhookMode({});
    world.sandbox.control.flushWebhooks();
    await webhooksAnswered(); // our capture behind the webhook's answer met the 500
    world.sandbox.control.payments.act(ref, 'capture'); // and went through all the same
    await untilPaid(world, id);
    expect(world.sandbox.control.calls().filter(({ path }) => path.includes('/refund'))).toEqual([]);
    expect(await refundsOf(id)).toEqual([]);
    await expectEqualBooks();
  });

  test('done, its answer lost, and done again meanwhile by another: one charge, nothing is refunded (medusa 13301)', async () => {
    const id = await people.next();
    const { ref } = await clickToPay(world, people, id, 'razorpay');
    world.sandbox.control.setWebhookMode({ provider: 'razorpay', duplicates: 4 }); // each copy captures at once
    world.sandbox.control.addFault({ ...razorpayCapture, kind: 'reset_after', times: 2 });
    world.sandbox.control.payments.act(ref, 'authorize');
    await webhooksAnswered();
    await untilPaid(world, id);
    await webhooksAnswered();
    expect(await settledMessages(id)).toHaveLength(1);
    expect(await refundsOf(id)).toEqual([]);
    await expectEqualBooks();
  });
});
