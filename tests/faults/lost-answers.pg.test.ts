import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseLimits, unlimited } from '../../api/limits.js';
import { type ApiWorld, createApiWorld } from '../../api/test-world.js';
import type { FaultRule } from '../../sandbox/faults.js';
import { brokenRules, ledgersBooks, providersBooks } from '../support/provider-books.js';
import { faultTimes } from './config.js';
import { clickToPay, makeRepeaters, untilPaid, type ProviderMethod } from './payer.js';

const TIMES = faultTimes();
const AT_ONCE = 6;
const TIMEOUT_MS = 60_000 + TIMES * 500;

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ settings: { limits: parseLimits(unlimited)! } }); // one caller stands for many
});
afterEach(() => {
  world.sandbox.control.clearFaults();
  world.sandbox.control.setWebhookMode({});
});
afterAll(() => world.close());

const charges: [ProviderMethod, string][] = [
  ['stripe', '/payment_intents'],
  ['razorpay', '/orders'],
];

describe('charge succeeded but the answer was lost', () => {
  test.each(charges)(
    `${TIMES} times at %s: not one charge more (one click, two charges: ottehr 4156)`,
    async (method, path) => {
      const people = await makeRepeaters(world);
      const { control } = world.sandbox;
      const lost: Omit<FaultRule, 'times'> = { provider: method, method: 'POST', path, kind: 'reset_after' };
      const before = control.payments.list().length;
      let answeredLate = 0;
      let turn = 0;
      const click = async (): Promise<void> => {
        const id = await people.next();
        control.addFault({ ...lost, times: 1 + (turn % 4) }); // more than an SDK tries again by itself, too
        const { ref, paymentId, asked } = await clickToPay(world, people, id, method);
        if (asked > 1) answeredLate += 1;
        expect(control.payments.list({ metadata: { paymentId } }).map((payment) => payment.ref)).toEqual([ref]);
        control.payments.act(ref, 'pay');
        await untilPaid(world, id);
      };
      const clickOn = async (): Promise<void> => {
        while ((turn += 1) <= TIMES) await click();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, clickOn)); // most of the time is an SDK's pause
      expect(answeredLate).toBeGreaterThan(TIMES / 10);
      expect(control.payments.list()).toHaveLength(before + TIMES);
      await world.settled();
      expect(await ledgersBooks(world.db)).toEqual(providersBooks(world.sandbox));
      expect(await brokenRules(world.db)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

test('the object was made, every answer lost, and it is paid: the webhook finds the row by our id, before its provider_ref (polar 10728, woocommerce-payments 3118)', async () => {
  const people = await makeRepeaters(world);
  const { control } = world.sandbox;
  control.setWebhookMode({ hold: true });
  for (const [method, path] of charges) {
    const id = await people.next();
    control.addFault({ provider: method, method: 'POST', path, kind: 'reset_after' });
    control.addFault({ provider: method, method: 'GET', path, kind: 'reset_after' });
    const answer = await world.post(people.client, `/v1/appointments/${id}/payments`, { method }, `lost-${method}`);
    expect(answer.status).toBe(503);
    control.clearFaults();
    const row = await world.db
      .selectFrom('payment')
      .where('appointmentId', '=', id)
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(row.providerRef).toBeNull();
    const [object] = control.payments.list({ metadata: { paymentId: row.id } });
    control.payments.act(object!.ref, 'pay');
    control.flushWebhooks();
    await untilPaid(world, id);
    expect(await ledgersBooks(world.db)).toEqual(providersBooks(world.sandbox));
  }
  expect(await brokenRules(world.db)).toEqual([]);
});
