import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckout, refundsAre } from '../support/refunds.js';
import { brokenRules } from '../support/provider-books.js';
import * as steps from '../support/steps.js';
import { ask, inOrder } from './contenders.js';
import { hold, paymentsOf, rowOf, walletOf, type Hold } from './hold.js';
import { leftBy, moneyOf, said } from './outcome.js';
import { arrange, createRaceWorld, inTime, LIMIT_MS, resume, type RaceWorld } from './racing.js';
import { arrangeRow, bring, type Racing } from './rows.js';

/** Money and the end of its window: a wallet's at the row's lock, an order's while the provider is being asked. */

let world: RaceWorld;
beforeAll(async () => {
  world = await createRaceWorld();
});
afterAll(() => world.close());

const PAID = ['booked', 'payment_settled'];
const policy = { paymentWindowMinutes: 300 };
const arrangeBooked = (inMs: number) => arrange(world, { stage: 'booked', soon: { moment: 'pay_by', inMs }, policy });

describe.concurrent('by wallet', { timeout: LIMIT_MS }, () => {
  const pay = (racing: Racing) => ask(world, racing.client, racing, 'payments', { method: 'wallet' });

  test('as the window closes: paid, and the expiry behind it comes to nothing', () =>
    inTime(async (inMs) => {
      const racing = await arrangeBooked(inMs);
      const [answer] = await inOrder(world, walletOf(racing.client.id), racing, [
        { send: pay(racing), at: 'lock' },
        { clock: 'pay_by', at: 'lock' },
      ]);
      expect(said(answer!)).toBe('201 completed');
      expect(await leftBy(world, racing.id)).toMatchObject({
        status: 'scheduled',
        timeline: PAID,
        hold: 'held',
        told: ['approval_pending therapist', 'booking_made client', 'payment_received client'],
      });
      expect(await moneyOf(world.db, racing)).toEqual({ wallet: 100_000, held: 6_000, earned: 0 });
    }));

  test('the expiry first: the payment is refused, and nothing of it is left', () =>
    inTime(async (inMs) => {
      const racing = await arrangeBooked(inMs);
      const [answer] = await inOrder(world, rowOf(racing.id), racing, [
        { clock: 'pay_by', at: 'lock' },
        { send: pay(racing), at: 'lock' },
      ]);
      expect(said(answer!)).toBe('409 payment_window_over');
      expect(await leftBy(world, racing.id)).toMatchObject({
        status: 'expired',
        reason: 'payment',
        timeline: ['booked', 'payment_window_over'],
        ledger: [],
        hold: 'none',
        told: ['booking_made client', 'expired_payment client'],
      });
      expect(await moneyOf(world.db, racing)).toEqual({ wallet: 100_000, held: 0, earned: 0 });
    }));
});

/** An order stays payable: who pays it while Razorpay is being asked whether they did races with the expiry. */
describe('at Razorpay, which has just said that nothing was paid', { timeout: LIMIT_MS }, () => {
  /** That answer waits to be written down, and then the payer pays; webhooks wait for a flush. */
  async function paidWhileAsked(): Promise<{ racing: Racing; answer: Hold & { release: () => Promise<void> } }> {
    const { db, sandbox, admin } = world;
    sandbox.control.setWebhookMode({ provider: 'razorpay', hold: true });
    const racing = await arrangeRow(db, admin, { stage: 'booked', policy });
    const { providerRef } = await openCheckout(world, racing.id, 'razorpay');
    const answer = await hold(db, paymentsOf(racing.id));
    await bring(db, racing, 'pay_by', 0);
    await resume(world, racing.id);
    await answer.waiters(1);
    sandbox.control.payments.act(providerRef, 'pay');
    return { racing, answer };
  }
  const isStored = async ({ id }: Racing) =>
    (await world.db.selectFrom('message').where('appointmentId', '=', id).select('id').execute()).length > 0;

  test('its webhook is stored before the expiry is committed: paid', async () => {
    const { racing, answer } = await paidWhileAsked();
    const row = await hold(world.db, rowOf(racing.id));
    world.sandbox.control.flushWebhooks();
    await answer.release();
    await steps.until('the webhook is stored', () => isStored(racing));
    await row.waiters(1);
    await row.release();
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'scheduled', timeline: PAID, ledger: ['fund'], hold: 'held' });
    expect(left.told).toContain('payment_received client');
  });

  test('the expiry is committed first: the slot is free, and the money goes back to its source', async () => {
    const { racing, answer } = await paidWhileAsked();
    await answer.release();
    expect(await leftBy(world, racing.id)).toMatchObject({ status: 'expired', reason: 'payment', hold: 'none' });
    world.sandbox.control.flushWebhooks();
    await refundsAre(world, racing.id, 'completed');
    const left = await leftBy(world, racing.id);
    expect(left.timeline).toEqual(['booked', 'payment_window_over', 'payment_settled:already_over']);
    expect(left.ledger).toEqual(['fund', 'refund_requested', 'refund_completed']);
    expect(left.told).toEqual(expect.arrayContaining(['expired_payment client', 'late_money_returned client']));
    expect(left.told).not.toContain('payment_received client');
    expect(await moneyOf(world.db, racing)).toEqual({ wallet: 100_000, held: 0, earned: 0 });
  });
});

test('the books are right after all of it', async () => {
  expect(await brokenRules(world.db)).toEqual([]);
});
