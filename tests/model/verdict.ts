import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { loadAppointment } from '../../db/appointment-record.js';
import type { Db } from '../../db/database.js';
import { storePaymentEvent } from '../../db/provider-events.js';
import { cancellationQuote } from '../../domain/cancellation.js';
import type { AppointmentRecord } from '../../domain/record.js';
import { successOf } from './card-steps.js';
import { workOffAll } from './life-steps.js';
import type { Model } from './model.js';
import type { Walk } from './walk.js';

/** What must be true at the end of a walk, told from what was done and not from the ledger. */

/** Every charge is told once more by an event that names its payment, and every appointment is worked off. */
export async function workOffEverything({ model }: Walk): Promise<void> {
  const { db } = model;
  for (const charge of model.charges.values()) {
    const { provider, paymentId } = charge.object;
    const event = { provider, eventId: `sweep_${randomUUID()}`, type: 'walk', payload: {} };
    await storePaymentEvent(db, event, successOf(charge, paymentId));
  }
  for (const { id } of model.appointments) await workOffAll(model, db, id);
}

/** @returns how each appointment ended, `status reason` */
export async function expectEndsRight({ model, log }: Walk): Promise<string[]> {
  await expectChargesFundedOnce(model);
  const ids = model.appointments.map(({ id }) => id);
  const outcomes = await expectMoneyRight(model.db, ids, log);
  await expectClientsMoneyComplete(model);
  return outcomes;
}

/** Charged and held as the outcome says. @returns how each appointment ended, `status reason` */
export async function expectMoneyRight(db: Db, ids: readonly string[], log: readonly string[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const id of ids) {
    const { record } = (await loadAppointment(db, id))!;
    const charged = await chargedFor(db, id);
    outcomes.push(record.outcome === null ? record.status : `${record.status} ${record.outcome.reason}`);
    const right = { id, charged: rightCharge(record), hold: rightHold(record) };
    expect.soft({ id, charged, hold: record.hold }, log.filter((line) => line.includes(id)).join('\n')).toEqual(right);
  }
  return outcomes;
}

/** A charge that a provider told of is the client's exactly once, whatever it paid for. */
async function expectChargesFundedOnce({ db, charges }: Model): Promise<void> {
  const funded = await db
    .selectFrom('ledgerTransaction as t')
    .innerJoin('ledgerEntry as e', 'e.transactionId', 't.id')
    .where('t.kind', 'in', ['fund', 'top_up'])
    .where('e.amountMinor', '>', 0)
    .select(['t.idempotencyKey as key', 'e.amountMinor', 'e.currency', 't.paymentId'])
    .orderBy('key')
    .execute();
  const told = [...charges.values()]
    .map(({ chargeRef, object, amountMinor, currency }) => ({
      key: `fund:${object.provider}:${chargeRef}`,
      amountMinor,
      currency,
      paymentId: object.paymentId,
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  expect(funded.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(told);
}

async function chargedFor(db: Db, appointmentId: string): Promise<number> {
  const rows = await db
    .selectFrom('ledgerTransaction as t')
    .innerJoin('ledgerEntry as e', 'e.transactionId', 't.id')
    .where('t.appointmentId', '=', appointmentId)
    .where('t.kind', '=', 'settle')
    .where('e.account', 'like', 'client_wallet:%')
    .select('e.amountMinor')
    .execute();
  return rows.reduce((sum, { amountMinor }) => sum - amountMinor, 0);
}

/** What the outcome says that the client pays. Source: docs/lifecycle.md, "Money". */
function rightCharge(record: AppointmentRecord): number {
  const { outcome, priceMinor, paidAt } = record;
  if (outcome === null || paidAt === null) return 0;
  switch (outcome.reason) {
    case 'duration_over':
    case 'ended_by_party':
    case 'client_absent':
      return priceMinor;
    case 'cancelled':
      return cancellationQuote(record, outcome.at, outcome.by).chargeMinor;
    default:
      return 0;
  }
}

function rightHold(record: AppointmentRecord): string {
  if (record.paidAt === null) return record.hold === 'voided' ? 'voided' : 'none'; // voided: the wallet's money came too late
  if (record.outcome === null) return 'held';
  return rightCharge(record) > 0 ? 'settled' : 'voided';
}

/** What a client brought is in the wallet, was charged, is on its way back or back, or was taken by a lost dispute. */
async function expectClientsMoneyComplete(model: Model): Promise<void> {
  const brought = new Map(model.promotionsMinor);
  const clientOf = new Map(
    (await model.db.selectFrom('payment').select(['id', 'clientId']).execute()).map(({ id, clientId }) => [
      id,
      clientId,
    ]),
  );
  for (const { object, amountMinor, currency } of model.charges.values()) {
    const owner = `${clientOf.get(object.paymentId)}:${currency}`;
    brought.set(owner, (brought.get(owner) ?? 0) + amountMinor);
  }
  const rows = await model.db
    .selectFrom('account as a')
    .innerJoin('ledgerEntry as e', 'e.account', 'a.code')
    .innerJoin('ledgerTransaction as t', 't.id', 'e.transactionId')
    .where('a.kind', '=', 'client_wallet')
    .where('t.kind', 'in', ['fund', 'top_up', 'promotion'])
    .select(['a.ownerId', 'a.currency'])
    .select((eb) => eb.fn.sum<string>('e.amountMinor').as('sum'))
    .groupBy(['a.ownerId', 'a.currency'])
    .execute();
  const credited = new Map(rows.map(({ ownerId, currency, sum }) => [`${ownerId}:${currency}`, Number(sum)]));
  expect(Object.fromEntries(credited)).toEqual(Object.fromEntries(brought));
}
