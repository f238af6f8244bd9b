import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { SYSTEM } from '../domain/types.js';
import { bookAppointment, makeParties, type Parties, passUntilStart, recordOf } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { platformFee } from './accounts.js';
import { commitAppointment } from './commit.js';
import type { Trx } from './database.js';
import { resolveHold } from './holds.js';
import { checkLedger, checkRules, type RuleResult } from './ledger-check.js';
import { LEDGER_RULES, type LedgerRule } from './ledger-rules.js';
import { payByWallet } from './payment-requests.js';
import { completeTopUp } from './payments.js';
import { requestRefund } from './refund-requests.js';

const db = useTestDatabase();

/** Money in every state that the database functions bring about. */
let parties: Parties;
let held: string;
let settled: string;
let paymentId: string;

beforeAll(async () => {
  parties = await makeParties(db());
  const { client } = parties;
  const pay = async (inDays: number) => {
    const id = await bookAppointment(db(), parties, { inMs: inDays * 86_400_000 });
    await payByWallet(db(), id);
    await commitAppointment(db(), id);
    return id;
  };
  held = await pay(1);
  settled = await pay(2);
  const voided = await pay(3);
  const record = await recordOf(db(), settled);
  await db()
    .transaction()
    .execute((trx) => resolveHold(trx, record, 2_500));
  await passUntilStart(db(), voided, 11 * 60_000);
  await commitAppointment(db(), voided);
  await db()
    .transaction()
    .execute(async (trx) => {
      const payment = await trx
        .insertInto('payment')
        .values({ clientId: client.id, purpose: 'top_up', method: 'stripe', amountMinor: 8_000, currency: 'INR' })
        .returningAll()
        .executeTakeFirstOrThrow();
      paymentId = payment.id;
      const arrival = { payment, amountMinor: 8_000, currency: 'INR', chargeRef: `ch_${payment.id}` };
      await completeTopUp(trx, arrival);
      const request = { appointmentId: null, amountMinor: 3_000, currency: 'INR', reason: 'asked', actor: SYSTEM };
      await requestRefund(trx, { ...request, payment });
    });
});

class RollBack extends Error {}

/** Breaks something by hand, checks, and leaves nothing of it behind. @returns the rules that object */
async function afterBreaking(breaking: (trx: Trx) => Promise<unknown>): Promise<Map<LedgerRule, RuleResult>> {
  let found: RuleResult[] = [];
  const broken = db()
    .transaction()
    .execute(async (trx) => {
      await sql`alter table ledger_entry disable trigger ledger_entry_final`.execute(trx);
      await sql`alter table ledger_entry disable trigger ledger_balanced`.execute(trx);
      await breaking(trx);
      found = await checkRules(trx);
      throw new RollBack();
    });
  await expect(broken).rejects.toBeInstanceOf(RollBack);
  return new Map(found.filter(({ ok }) => !ok).map((result) => [result.rule, result]));
}

const wallet = () => `client_wallet:${parties.client.id}:INR`;
const fee = () => platformFee('INR', settled).code;
const run = (statement: ReturnType<typeof sql>) => (trx: Trx) => statement.execute(trx);

test('every rule holds for money in every state', async () => {
  const results = await checkLedger(db());
  expect(results.map(({ rule }) => rule)).toEqual(Object.keys(LEDGER_RULES));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
});

/** One way to break each rule, and what the report must name. */
const BREAKS: Record<LedgerRule, { by: () => (trx: Trx) => Promise<unknown>; names: () => object }> = {
  transactions_sum_to_zero: {
    by: () => run(sql`update ledger_entry set amount_minor = amount_minor + 1 where account like 'platform_fee:%'`),
    names: () => ({ currency: 'INR', sum_minor: 1 }),
  },
  one_currency: {
    by: () => run(sql`update ledger_entry set currency = 'EUR' where account like 'platform_fee:%'`),
    names: () => ({ currencies: ['EUR', 'INR'] }),
  },
  balances_equal_entries: {
    by: () => run(sql`update account set balance_minor = balance_minor + 7 where code = ${fee()}`),
    names: () => ({ account: fee(), balance_minor: 507, entries_minor: 500 }),
  },
  held_equals_holds: {
    by: () => run(sql`update account set held_minor = held_minor - 1 where code = ${wallet()}`),
    names: () => ({ account: wallet(), held_minor: 5_999, holds_minor: 6_000 }),
  },
  available_not_negative: {
    by: () => async (trx) => {
      await sql`alter table account drop constraint wallet_available`.execute(trx);
      await sql`update account set balance_minor = held_minor - 1 where code = ${wallet()}`.execute(trx);
    },
    names: () => ({ account: wallet(), balance_minor: 5_999, held_minor: 6_000 }),
  },
  credits_equal_available: {
    by: () =>
      run(
        sql`update wallet_lot set remaining_minor = remaining_minor - 1 where account = ${wallet()} and kind = 'top_up'`,
      ),
    names: () => ({ account: wallet() }),
  },
  holds_equal_credits_used: {
    by: () => run(sql`update lot_use set amount_minor = amount_minor - 1 where appointment_id = ${held}`),
    names: () => ({ appointment: held, amount_minor: 6_000, used_minor: 5_999 }),
  },
  holds_resolve_once: {
    by: () => run(sql`update hold set status = 'voided' where appointment_id = ${settled}`),
    names: () => ({ appointment: settled, status: 'voided', settlements: 1, charged_minor: 2_500 }),
  },
  captured_equals_funded: {
    by: () => run(sql`update payment set captured_minor = captured_minor + 5 where id = ${paymentId}`),
    names: () => ({ payment: paymentId, captured_minor: 8_005, funded_minor: 8_000 }),
  },
  returns_within_captured: {
    by: () => async (trx) => {
      await sql`alter table payment drop constraint payment_never_returned_twice`.execute(trx);
      await sql`update payment set disputed_minor = 5001 where id = ${paymentId}`.execute(trx);
    },
    names: () => ({ payment: paymentId, captured_minor: 8_000, refunding_minor: 3_000, disputed_minor: 5_001 }),
  },
  refunds_equal_payment_sums: {
    by: () => run(sql`update payment set refunding_minor = 0, refunded_minor = 3000 where id = ${paymentId}`),
    names: () => ({ payment: paymentId, refunded_minor: 3_000, open_refunds_minor: 3_000, done_refunds_minor: 0 }),
  },
  refund_pending_equals_open_refunds: {
    by: () => run(sql`update refund set status = 'completed' where payment_id = ${paymentId}`),
    names: () => ({ currency: 'INR', balance_minor: 3_000, open_refunds_minor: 0 }),
  },
  payables_equal_unpaid_earnings: {
    by: () => run(sql`update earning_entry set gross_minor = 2501, net_minor = net_minor + 1`),
    names: () => ({ therapist: parties.therapist.id, currency: 'INR', balance_minor: 2_000, unpaid_minor: 2_001 }),
  },
  disputed_equals_counted: {
    by: () => run(sql`update payment set disputed_minor = 30 where id = ${paymentId}`),
    names: () => ({ payment: paymentId, disputed_minor: 30, counted_minor: 0 }),
  },
  disputed_equals_open_disputes: {
    by: () => (trx) =>
      trx
        .insertInto('dispute')
        .values({
          provider: 'stripe',
          providerRef: randomUUID(),
          paymentId,
          amountMinor: 40,
          countedMinor: 40,
          currency: 'INR',
        })
        .execute(),
    names: () => ({ currency: 'INR', balance_minor: 0, open_disputes_minor: 40 }),
  },
};

test.each(Object.keys(BREAKS) as LedgerRule[])(
  '%s is reported when it is broken, with what breaks it',
  async (rule) => {
    const { by, names } = BREAKS[rule];
    const found = await afterBreaking(by());
    expect(found.get(rule)?.detail).toEqual([expect.objectContaining(names())]);
  },
);

test('a second settlement, or one beyond what was held, is reported', async () => {
  const found = await afterBreaking(async (trx) => {
    await trx
      .insertInto('ledgerTransaction')
      .values({ idempotencyKey: 'again', kind: 'settle', appointmentId: settled })
      .execute();
  });
  expect(found.get('holds_resolve_once')?.detail).toMatchObject([{ appointment: settled, settlements: 2 }]);
  const beyond = await afterBreaking(run(sql`update hold set amount_minor = 2000 where appointment_id = ${settled}`));
  expect(beyond.get('holds_resolve_once')?.detail).toMatchObject([{ charged_minor: 2_500, amount_minor: 2_000 }]);
});

test('and when it is whole again, nothing is', async () => {
  expect((await checkLedger(db())).every(({ ok }) => ok)).toBe(true);
});
