import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { commitAppointment } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { startProviderPayment } from '../../db/payment-requests.js';
import { storePaymentEvent } from '../../db/provider-events.js';
import { recordConnections, roomIdentity } from '../../db/rooms.js';
import { storeMessage } from '../../db/messages.js';
import { databaseNow } from '../../db/clock.js';
import { MINUTE_MS, passUntilStart, type Parties } from './appointments.js';

/** Card and UPI payments for tests of the database alone: what a verified event would store, without a provider. */

export interface CardPayment {
  id: string;
  providerRef: string;
  chargeRef: string;
}

/** A try by a provider, and its money's arrival as an event tells it; the commit is the caller's. */
export async function arriveByCard(
  db: Db,
  appointmentId: string,
  method: 'stripe' | 'razorpay' = 'stripe',
): Promise<CardPayment> {
  const { id, amountMinor, currency } = await startProviderPayment(db, appointmentId, method);
  const [providerRef, chargeRef] = [`pi_${id}`, `ch_${id}`];
  const event = { provider: method, eventId: `evt_${randomUUID()}`, type: 'payment arrived', payload: {} };
  const news = { status: 'succeeded', providerRef, paymentId: id, amountMinor, currency, chargeRef } as const;
  await storePaymentEvent(db, event, { ...news, failureCode: null });
  return { id, providerRef, chargeRef };
}

/** Paid by card and committed. */
export async function paidByCard(...args: Parameters<typeof arriveByCard>): Promise<CardPayment> {
  const payment = await arriveByCard(...args);
  await commitAppointment(args[0], args[1]);
  return payment;
}

/** Brings a paid appointment to its end: approved, both came, the duration is over. */
export async function complete(db: Db, { admin }: Pick<Parties, 'admin'>, id: string): Promise<void> {
  const actor = { role: 'admin', id: admin.id } as const;
  await storeMessage(db, { appointmentId: id, kind: 'activate', actor, signal: false });
  await commitAppointment(db, id);
  await passUntilStart(db, id, -2 * MINUTE_MS);
  const now = new Date(await databaseNow(db));
  for (const participant of ['client', 'therapist'] as const) {
    const column = participant === 'client' ? 'clientJoinedAt' : 'therapistJoinedAt';
    await db
      .updateTable('appointment')
      .set({ [column]: now })
      .where('id', '=', id)
      .execute();
    const identity = roomIdentity(participant, 'x');
    const connection = { participantSid: `PA-${participant}-${id}`, participant, identity };
    await recordConnections(db, id, [{ ...connection, connectedAt: now, disconnectedAt: null }]);
  }
  await passUntilStart(db, id, 61 * MINUTE_MS);
  await commitAppointment(db, id);
}

/** Balance of one account. */
export async function balanceOf(db: Db, { code }: { code: string }): Promise<number> {
  const row = await db.selectFrom('account').where('code', '=', code).select('balanceMinor').executeTakeFirst();
  return row?.balanceMinor ?? 0;
}

/** The invariants of the ledger, its lots and its payments; fails the test where one is broken. */
export async function expectBooks(db: Db): Promise<void> {
  const broken = await sql<{ what: string }>`
    select 'transaction ' || transaction_id as what from ledger_entry
      group by transaction_id, currency having sum(amount_minor) <> 0
    union all select 'balance ' || a.code from account a left join ledger_entry e on e.account = a.code
      group by a.code, a.balance_minor having a.balance_minor <> coalesce(sum(e.amount_minor), 0)
    union all select 'lots ' || a.code from account a left join wallet_lot l on l.account = a.code
      where a.kind = 'client_wallet' group by a.code, a.balance_minor, a.held_minor
      having a.balance_minor - a.held_minor <> coalesce(sum(l.remaining_minor), 0)
    union all select 'refunding ' || p.id from payment p left join refund r on r.payment_id = p.id
      and r.destination = 'source' and r.status in ('pending', 'processing')
      group by p.id having p.refunding_minor <> coalesce(sum(r.amount_minor), 0)
    union all select 'refunded ' || p.id from payment p left join refund r on r.payment_id = p.id
      and r.destination = 'source' and r.status = 'completed'
      group by p.id having p.refunded_minor <> coalesce(sum(r.amount_minor), 0)`.execute(db);
  expect(broken.rows).toEqual([]);
}
