import { sql } from 'kysely';
import { splitGross } from '../domain/money.js';
import type { AppointmentRecord } from '../domain/record.js';
import { clientWallet, platformFee, therapistPayable } from './accounts.js';
import type { Trx } from './database.js';
import { lockAccounts, post } from './ledger.js';

/**
 * Reserves the price on the client's wallet for the appointment. @returns false when the available balance is short;
 * the caller must have made sure there is no hold yet (one an appointment, for ever).
 */
export async function placeHold(
  trx: Trx,
  hold: { appointmentId: string; paymentId: string; clientId: string; amountMinor: number; currency: string },
): Promise<boolean> {
  const { appointmentId, paymentId, clientId, amountMinor, currency } = hold;
  const wallet = clientWallet(clientId, currency);
  await lockAccounts(trx, [wallet]);
  const taken = await trx
    .updateTable('account')
    .set({ heldMinor: sql`held_minor + ${amountMinor}` })
    .where('code', '=', wallet.code)
    .where(sql<boolean>`balance_minor - held_minor >= ${amountMinor}`)
    .returning('code')
    .executeTakeFirst();
  if (taken === undefined) return false;
  await trx
    .insertInto('hold')
    .values({ appointmentId, paymentId, account: wallet.code, amountMinor, currency })
    .execute();
  return true;
}

/**
 * Lets another payment of the same appointment stand behind its hold: money from a provider that arrived before the
 * wallet's was worked off. @returns false when nothing is held.
 */
export async function takeOverHold(trx: Trx, appointmentId: string, paymentId: string): Promise<boolean> {
  const taken = await trx
    .updateTable('hold')
    .set({ paymentId })
    .where('appointmentId', '=', appointmentId)
    .where('status', '=', 'held')
    .returning('appointmentId')
    .executeTakeFirst();
  return taken !== undefined;
}

/** Resolves the hold once; null when there is none that is still held. */
async function resolveHold(trx: Trx, appointmentId: string, status: 'settled' | 'voided') {
  const hold = await trx
    .updateTable('hold')
    .set({ status, resolvedAt: sql`clock_timestamp()` })
    .where('appointmentId', '=', appointmentId)
    .where('status', '=', 'held')
    .returningAll()
    .executeTakeFirst();
  if (hold === undefined) return null;
  await trx
    .updateTable('account')
    .set({ heldMinor: sql`held_minor - ${hold.amountMinor}` })
    .where('code', '=', hold.account)
    .execute();
  return hold;
}

/** Posts the held price: client debited, therapist credited the net, platform the fee. A repeat does nothing. */
export async function settleHold(trx: Trx, record: AppointmentRecord): Promise<void> {
  const { id, clientId, therapistId, currency, policy } = record;
  const accounts = [
    clientWallet(clientId, currency),
    therapistPayable(therapistId, currency),
    platformFee(currency),
  ] as const;
  await lockAccounts(trx, accounts);
  const hold = await resolveHold(trx, id, 'settled');
  if (hold === null) return;
  const { feeMinor, netMinor } = splitGross(hold.amountMinor, policy.platformFeeBps);
  await post(trx, {
    idempotencyKey: `settle:${id}`,
    kind: 'settle',
    appointmentId: id,
    paymentId: hold.paymentId,
    postings: [
      { account: accounts[0], amountMinor: -hold.amountMinor },
      { account: accounts[1], amountMinor: netMinor },
      { account: accounts[2], amountMinor: feeMinor },
    ],
  });
}

/** Gives the held price back to the client's available balance. A repeat does nothing. */
export async function voidHold(trx: Trx, record: AppointmentRecord): Promise<void> {
  await lockAccounts(trx, [clientWallet(record.clientId, record.currency)]);
  const hold = await resolveHold(trx, record.id, 'voided');
  if (hold === null) return;
  await trx
    .updateTable('payment')
    .set({ status: 'refunded', updatedAt: sql`clock_timestamp()` })
    .where('id', '=', hold.paymentId)
    .execute();
}
