import { sql, type Selectable } from 'kysely';
import { splitGross } from '../domain/money.js';
import type { AppointmentRecord } from '../domain/record.js';
import { clientWallet, platformFee, therapistPayable } from './accounts.js';
import type { Trx } from './database.js';
import { recordEarning } from './earning-entries.js';
import { lockAccounts, postAhead } from './ledger.js';
import { giveBackToLots, takeFromLots, type LotShare } from './lots.js';
import type { DB } from './schema.js';

export type Hold = Selectable<DB['hold']>;

export interface NewHold {
  appointmentId: string;
  paymentId: string;
  clientId: string;
  amountMinor: number;
  currency: string;
  /** True when the money of this very payment is held (a card), false for whatever the wallet has. */
  ofPayment: boolean;
}

/**
 * Reserves the price on the client's wallet for the appointment. @returns false when the available balance is short;
 * the caller must have made sure there is no hold yet (one an appointment, for ever).
 */
export async function placeHold(trx: Trx, hold: NewHold): Promise<boolean> {
  const { appointmentId, paymentId, clientId, amountMinor, currency, ofPayment } = hold;
  const wallet = clientWallet(clientId, currency);
  await lockAccounts(trx, [wallet]);
  const shares = await takeFromLots(trx, wallet, amountMinor, ofPayment ? paymentId : undefined);
  if (shares === null) return false;
  await changeHeld(trx, wallet.code, amountMinor);
  await trx
    .insertInto('hold')
    .values({ appointmentId, paymentId, account: wallet.code, amountMinor, currency })
    .execute();
  await useLots(trx, appointmentId, shares);
  return true;
}

async function changeHeld(trx: Trx, account: string, amountMinor: number): Promise<void> {
  await trx
    .updateTable('account')
    .set({ heldMinor: sql`held_minor + ${amountMinor}` })
    .where('code', '=', account)
    .execute();
}

async function useLots(trx: Trx, appointmentId: string, shares: readonly LotShare[]): Promise<void> {
  const rows = shares.filter(({ amountMinor }) => amountMinor > 0).map((share) => ({ ...share, appointmentId }));
  if (rows.length > 0) await trx.insertInto('lotUse').values(rows).execute();
}

/**
 * Lets another payment of the same appointment stand behind its hold: money from a provider that arrived before the
 * wallet's was worked off. @returns false when nothing is held.
 */
export async function takeOverHold(trx: Trx, hold: NewHold): Promise<boolean> {
  const { appointmentId, paymentId, clientId, amountMinor, currency } = hold;
  const wallet = clientWallet(clientId, currency);
  await lockAccounts(trx, [wallet]);
  const taken = await trx
    .updateTable('hold')
    .set({ paymentId })
    .where('appointmentId', '=', appointmentId)
    .where('status', '=', 'held')
    .returning('appointmentId')
    .executeTakeFirst();
  if (taken === undefined) return false;
  await giveBackToLots(trx, await lotsOf(trx, appointmentId));
  await trx.deleteFrom('lotUse').where('appointmentId', '=', appointmentId).execute();
  const shares = await takeFromLots(trx, wallet, amountMinor, paymentId);
  if (shares === null) throw new Error(`the money just funded for ${appointmentId} is not in the wallet`);
  await useLots(trx, appointmentId, shares);
  return true;
}

/** The shares a hold took, the first spent first. */
async function lotsOf(trx: Trx, appointmentId: string): Promise<LotShare[]> {
  return trx
    .selectFrom('lotUse')
    .innerJoin('walletLot', 'walletLot.id', 'lotUse.lotId')
    .where('lotUse.appointmentId', '=', appointmentId)
    .select(['lotUse.lotId', 'lotUse.amountMinor'])
    .orderBy(sql`wallet_lot.kind = 'promotion'`, 'desc')
    .orderBy('lotUse.lotId')
    .execute();
}

/** What of a hold's shares goes back when only `chargedMinor` of it is spent: the first spent stays spent. */
function unspent(shares: readonly LotShare[], chargedMinor: number): LotShare[] {
  let spent = chargedMinor;
  return shares.flatMap(({ lotId, amountMinor }) => {
    const kept = Math.min(spent, amountMinor);
    spent -= kept;
    return amountMinor > kept ? [{ lotId, amountMinor: amountMinor - kept }] : [];
  });
}

/**
 * Resolves the hold, once: posts `chargeMinor` of it (client debited, therapist credited the net, platform the fee) and
 * gives the rest back to the client's available balance. @returns the hold and what came back; null on a repeat
 */
export async function resolveHold(
  trx: Trx,
  record: AppointmentRecord,
  chargeMinor: number | 'all',
): Promise<{ hold: Hold; returnedMinor: number } | null> {
  const { id, clientId, therapistId, currency } = record;
  const wallet = clientWallet(clientId, currency);
  await lockAccounts(trx, [wallet, therapistPayable(therapistId, currency), platformFee(currency, id)]);
  const status = chargeMinor === 0 ? 'voided' : 'settled';
  const { rows } = await sql<Hold>`
    with resolved as (
      update hold set status = ${status}, resolved_at = clock_timestamp()
      where appointment_id = ${id} and status = 'held' returning *
    ), released as (
      update account a set held_minor = a.held_minor - r.amount_minor from resolved r where a.code = r.account
    )
    select * from resolved`.execute(trx);
  const [hold] = rows;
  if (hold === undefined) return null;
  const charged = chargeMinor === 'all' ? hold.amountMinor : Math.min(chargeMinor, hold.amountMinor);
  if (charged < hold.amountMinor) await giveBackToLots(trx, unspent(await lotsOf(trx, id), charged));
  if (charged > 0) await settle(trx, record, hold, charged);
  return { hold, returnedMinor: hold.amountMinor - charged };
}

async function settle(trx: Trx, record: AppointmentRecord, hold: Hold, grossMinor: number): Promise<void> {
  const { id, clientId, therapistId, currency, policy } = record;
  const { feeMinor, netMinor } = splitGross(grossMinor, policy.platformFeeBps);
  await postAhead(trx, {
    idempotencyKey: `settle:${id}`,
    kind: 'settle',
    appointmentId: id,
    paymentId: hold.paymentId,
    postings: [
      { account: clientWallet(clientId, currency), amountMinor: -grossMinor },
      { account: therapistPayable(therapistId, currency), amountMinor: netMinor },
      { account: platformFee(currency, id), amountMinor: feeMinor },
    ],
  });
  await recordEarning(trx, record, { grossMinor, feeMinor });
}
