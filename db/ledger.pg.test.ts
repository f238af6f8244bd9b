import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { bookAppointment, DAY_MS, makeParties, recordOf, type Parties } from '../tests/support/appointments.js';
import { makeClient, makePerson, makeTherapist } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { SYSTEM } from '../domain/types.js';
import { clientWallet, platformFee, promotion, therapistPayable, type Account } from './accounts.js';
import { commitAppointment } from './commit.js';
import { post, type LedgerTransaction } from './ledger.js';
import { payByWallet } from './payment-requests.js';
import { releaseMoney, type Release } from './payments.js';

const db = useTestDatabase();

async function balance({ code }: Account): Promise<{ balanceMinor: number; heldMinor: number }> {
  const row = await db()
    .selectFrom('account')
    .where('code', '=', code)
    .select(['balanceMinor', 'heldMinor'])
    .executeTakeFirst();
  return row ?? { balanceMinor: 0, heldMinor: 0 };
}

function topUp(wallet: Account, amountMinor: number, idempotencyKey: string): LedgerTransaction {
  const postings = [
    { account: promotion('INR'), amountMinor: -amountMinor },
    { account: wallet, amountMinor },
  ];
  return { idempotencyKey, kind: 'top_up', appointmentId: null, paymentId: null, postings };
}

const posted = (transaction: LedgerTransaction) =>
  db()
    .transaction()
    .execute((trx) => post(trx, transaction));

async function expectBooksToBalance(): Promise<void> {
  const unlike = await sql`
    select a.code from account a left join ledger_entry e on e.account = a.code
    group by a.code, a.balance_minor having a.balance_minor <> coalesce(sum(e.amount_minor), 0)`.execute(db());
  expect(unlike.rows).toEqual([]);
  const open = await sql`
    select transaction_id from ledger_entry group by transaction_id, currency having sum(amount_minor) <> 0`.execute(
    db(),
  );
  expect(open.rows).toEqual([]);
  const held = await sql`
    select a.code from account a left join hold h on h.account = a.code and h.status = 'held'
    group by a.code, a.held_minor having a.held_minor <> coalesce(sum(h.amount_minor), 0)`.execute(db());
  expect(held.rows).toEqual([]);
}

/** What remains in a wallet's lots is what is available. */
async function expectLotsToMatch({ client }: Parties): Promise<void> {
  const wallet = clientWallet(client.id, 'INR');
  const { remaining } = await db()
    .selectFrom('walletLot')
    .where('account', '=', wallet.code)
    .select((eb) => eb.fn.sum<string>('remainingMinor').as('remaining'))
    .executeTakeFirstOrThrow();
  const { balanceMinor, heldMinor } = await balance(wallet);
  expect(Number(remaining)).toBe(balanceMinor - heldMinor);
}

/** An appointment that is paid from the wallet and worked off. */
async function paidAppointment(): Promise<{ parties: Parties; id: string }> {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
  return { parties, id };
}

describe('what the database itself refuses', () => {
  async function entry(amountMinor: number): Promise<void> {
    const wallet = clientWallet((await makeClient(db())).id, 'INR');
    await db()
      .transaction()
      .execute(async (trx) => {
        const { id } = await trx
          .insertInto('ledgerTransaction')
          .values({ idempotencyKey: randomUUID(), kind: 'top_up' })
          .returning('id')
          .executeTakeFirstOrThrow();
        await trx
          .insertInto('ledgerEntry')
          .values({ transactionId: id, account: wallet.code, currency: 'INR', amountMinor })
          .execute();
      });
  }

  test('a transaction that does not sum to zero, at its commit', async () => {
    const before = await db().selectFrom('ledgerTransaction').select('id').execute();
    await expect(entry(5)).rejects.toThrow(/does not sum to zero/);
    expect(await db().selectFrom('ledgerTransaction').select('id').execute()).toHaveLength(before.length + 1); // the client's top-up alone
  });

  test('a line of nothing', async () => {
    await expect(entry(0)).rejects.toThrow(/ledger_entry_amount_minor_check/);
  });

  test('a line that is changed or removed', async () => {
    await makeClient(db());
    await expect(db().updateTable('ledgerEntry').set({ amountMinor: 1 }).execute()).rejects.toThrow(
      /never updated or deleted/,
    );
    await expect(db().deleteFrom('ledgerEntry').execute()).rejects.toThrow(/never updated or deleted/);
  });

  test('a wallet below what it holds', async () => {
    const { code } = clientWallet((await makeClient(db(), 100)).id, 'INR');
    await expect(
      db().updateTable('account').set({ heldMinor: 101 }).where('code', '=', code).execute(),
    ).rejects.toThrow(/wallet_available/);
    await expect(
      db().updateTable('account').set({ balanceMinor: -1 }).where('code', '=', code).execute(),
    ).rejects.toThrow(/wallet_available/);
  });
});

describe('posting', () => {
  test('a key posts once, ten at once too, and the balance moves once', async () => {
    const wallet = clientWallet((await makePerson(db(), 'client')).id, 'INR');
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => posted(topUp(wallet, 700, key))));
    expect(answers.filter((first) => first)).toHaveLength(1);
    expect(await balance(wallet)).toEqual({ balanceMinor: 700, heldMinor: 0 });
  });

  test('what does not balance, mixes currencies or is no integer is refused before it is written', async () => {
    const inr = clientWallet(randomUUID(), 'INR');
    const eur = clientWallet(randomUUID(), 'EUR');
    const of = (...postings: LedgerTransaction['postings']) => posted({ ...topUp(inr, 1, randomUUID()), postings });
    await expect(of({ account: inr, amountMinor: 5 }, { account: promotion('INR'), amountMinor: -4 })).rejects.toThrow(
      /sum to 1, not to zero/,
    );
    await expect(of({ account: inr, amountMinor: 5 }, { account: eur, amountMinor: -5 })).rejects.toThrow(
      /not to zero/,
    );
    await expect(
      of({ account: inr, amountMinor: 0.5 }, { account: promotion('INR'), amountMinor: -0.5 }),
    ).rejects.toThrow(/safe integer/);
  });

  test('transactions that cross each other’s accounts do not deadlock', async () => {
    const [one, two] = [clientWallet(randomUUID(), 'INR'), clientWallet(randomUUID(), 'INR')];
    for (const wallet of [one, two]) await posted(topUp(wallet, 1_000, randomUUID()));
    const move = (from: Account, to: Account) => ({
      ...topUp(to, 1, randomUUID()),
      postings: [
        { account: from, amountMinor: -1 },
        { account: to, amountMinor: 1 },
      ],
    });
    await Promise.all(Array.from({ length: 20 }, (_, n) => posted(n % 2 === 0 ? move(one, two) : move(two, one))));
    expect([await balance(one), await balance(two)]).toEqual([
      { balanceMinor: 1_000, heldMinor: 0 },
      { balanceMinor: 1_000, heldMinor: 0 },
    ]);
    await expectBooksToBalance();
  });
});

test('a wallet of 100.00 pays one of eight appointments of 100.00 that ask at once', async () => {
  const therapist = await makeTherapist(db(), { maxUnpaidBookings: 8 });
  await db()
    .updateTable('therapist')
    .set({ rates: JSON.stringify({ video: 60_000 }) })
    .where('id', '=', therapist.id)
    .execute();
  const client = await makeClient(db(), 10_000);
  const days = [1, 2, 3, 4, 5, 6, 7, 8];
  const ids = await Promise.all(
    days.map((day) => bookAppointment(db(), { client, therapist }, { inMs: day * DAY_MS, durationMinutes: 10 })),
  );
  const answers = await Promise.allSettled(ids.map((id) => payByWallet(db(), id)));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const answer of answers)
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'insufficient_funds' });
  expect(await balance(clientWallet(client.id, 'INR'))).toEqual({ balanceMinor: 10_000, heldMinor: 10_000 });
  expect(await db().selectFrom('payment').where('appointmentId', 'in', ids).select('id').execute()).toHaveLength(1);
  await expectBooksToBalance();
});

test('eight clicks on one appointment pay it once', async () => {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => payByWallet(db(), id)));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const answer of answers)
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'already_paid' });
  expect(await balance(clientWallet(parties.client.id, 'INR'))).toMatchObject({ heldMinor: 6_000 });
});

describe('a hold resolves once', () => {
  const release = async (id: string, chargeMinor: Release['chargeMinor']) => {
    const record = await recordOf(db(), id);
    const wish = { chargeMinor, refundTo: 'source', reason: 'test', actor: SYSTEM } as const;
    await db()
      .transaction()
      .execute((trx) => releaseMoney(trx, record, wish));
  };
  const settle = (id: string) => release(id, 'all');
  const giveBack = (id: string) => release(id, 0);
  const refunds = (id: string) =>
    db()
      .selectFrom('refund')
      .where('appointmentId', '=', id)
      .select(['amountMinor', 'destination', 'status'])
      .execute();

  test('settled: the client pays the price, the therapist earns the net, the platform the fee', async () => {
    const { parties, id } = await paidAppointment();
    const fees = (await balance(platformFee('INR', id))).balanceMinor;
    await Promise.all([settle(id), settle(id), settle(id)]);
    expect(await balance(clientWallet(parties.client.id, 'INR'))).toEqual({ balanceMinor: 94_000, heldMinor: 0 });
    expect(await balance(therapistPayable(parties.therapist.id, 'INR'))).toEqual({ balanceMinor: 4_800, heldMinor: 0 });
    expect((await balance(platformFee('INR', id))).balanceMinor - fees).toBe(1_200);
    await expectBooksToBalance();
    await expectLotsToMatch(parties);
  });

  test('voided: the money is the client’s again, payment and refund say so', async () => {
    const { parties, id } = await paidAppointment();
    await Promise.all([giveBack(id), giveBack(id)]);
    expect(await balance(clientWallet(parties.client.id, 'INR'))).toEqual({ balanceMinor: 100_000, heldMinor: 0 });
    expect(await recordOf(db(), id)).toMatchObject({ hold: 'voided', payment: { status: 'refunded' } });
    expect(await refunds(id)).toEqual([{ amountMinor: 6_000, destination: 'wallet', status: 'completed' }]);
    await expectBooksToBalance();
    await expectLotsToMatch(parties);
  });

  test('settled and voided at once: one of them, and the books balance', async () => {
    const { parties, id } = await paidAppointment();
    await Promise.all([settle(id), giveBack(id)]);
    const { hold } = await recordOf(db(), id);
    expect(await refunds(id)).toHaveLength(hold === 'settled' ? 0 : 1);
    const wallet = await balance(clientWallet(parties.client.id, 'INR'));
    expect(wallet).toEqual({ balanceMinor: hold === 'settled' ? 94_000 : 100_000, heldMinor: 0 });
    await expectBooksToBalance();
    await expectLotsToMatch(parties);
  });
});
