import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { loadAppointment } from '../../db/appointment-record.js';
import { releaseMoney } from '../../db/payments.js';
import { createPayoutBatch } from '../../db/payouts.js';
import { earn, therapistPaidIn } from '../../db/test-earnings.js';
import { SYSTEM } from '../../domain/types.js';
import { stripeCredentials } from '../../sandbox/credentials.js';
import { payoutWorkflowId } from '../../workflows/payout-messages.js';
import { refundWorkflowId } from '../../workflows/refund-messages.js';
import { paidAndHeld } from '../support/refunds.js';
import type { GatedWorld } from './gated-world.js';
import * as life from './life.js';
import type { Marks } from './places.js';
import * as places from './places.js';
import type { Prepared, Transition } from './life.js';

/** Refunds and payouts: workflows of their own, started by relays. */

/** A card's payment given back at the moment; the refund's id is known before its relay may see it. */
async function refundable(
  world: GatedWorld,
): Promise<{ refundId: string; providerRef: string; release: () => Promise<unknown> }> {
  const { id, providerRef } = await paidAndHeld(world, 'stripe');
  const { record } = (await loadAppointment(world.db, id))!;
  const wish = { chargeMinor: 0, refundTo: 'source', reason: 'cancelled', actor: SYSTEM } as const;
  await world.db.transaction().execute(async (trx) => {
    await releaseMoney(trx, record, wish);
    await trx.updateTable('refund').set({ nextAttemptAt: null }).where('appointmentId', '=', id).execute();
  });
  const { id: refundId } = await world.db
    .selectFrom('refund')
    .where('appointmentId', '=', id)
    .select('id')
    .executeTakeFirstOrThrow();
  const due = { nextAttemptAt: sql<Date>`clock_timestamp()` };
  const release = () => world.db.updateTable('refund').set(due).where('id', '=', refundId).execute();
  return { refundId, providerRef, release };
}

async function refundLife(world: GatedWorld): Promise<Prepared> {
  const { refundId, providerRef, release } = await refundable(world);
  const marks: Marks = {
    workflowId: refundWorkflowId(refundId),
    keys: [refundId],
    told: 'sendRefund',
    activity: 'sendRefund',
    request: ({ method, path, body }) =>
      method === 'POST' && path.startsWith('/v1/refunds') && body.includes(providerRef),
    call: ({ method, request }) => method === 'StartWorkflowExecution' && request.includes(refundId),
    note: /update "refund" set "next_attempt_at"/,
  };
  const count = () => Promise.resolve(world.sandbox.control.refunds.list(providerRef).length);
  const expected = { result: { status: 'completed', failureCode: null }, effects: { 'refund at Stripe': count } };
  return { marks, isNew: true, happen: release, expected };
}

/** Batches take what is payable in their currency, so they are made one at a time. */
let making: Promise<unknown> = Promise.resolve();

async function payoutLife(world: GatedWorld): Promise<Prepared> {
  const therapist = await therapistPaidIn(world.db, 'USD', `acct_${randomUUID().slice(0, 8)}`);
  const batchId = randomUUID();
  const { id: createdBy } = await life.adminOf(world);
  const made = making.then(async () => {
    await earn(world.db, therapist, 10_000);
    await createPayoutBatch(world.db, { id: batchId, currency: 'USD', rail: 'stripe_connect', createdBy });
    await world.db.updateTable('payoutBatch').set({ nextAttemptAt: null }).where('id', '=', batchId).execute();
  });
  making = made.catch(() => undefined);
  await made;
  const { id: payoutId } = await world.db
    .selectFrom('payout')
    .where('batchId', '=', batchId)
    .select('id')
    .executeTakeFirstOrThrow();
  const due = { nextAttemptAt: sql<Date>`clock_timestamp()` };
  const isTransfer = ({ method, path, body }: { method: string; path: string; body: string }) =>
    method === 'POST' && path.startsWith('/v1/transfers') && body.includes(payoutId);
  const transfers = async () => {
    const { data } = await stripeTransfers(world, payoutId);
    return data.length;
  };
  return {
    marks: {
      workflowId: payoutWorkflowId(batchId),
      keys: [payoutId, batchId],
      activity: 'sendPayout',
      request: isTransfer,
      result: '"sent":1',
      call: ({ method, request }) => method === 'StartWorkflowExecution' && request.includes(batchId),
      note: /update "payout(_batch)?" set/,
    },
    isNew: true,
    happen: () => world.db.updateTable('payoutBatch').set(due).where('id', '=', batchId).execute(),
    expected: { result: { sent: 1, failed: 0 }, effects: { 'transfer at Stripe': transfers } },
  };
}

/** A payout's transfers, as Stripe lists them. */
async function stripeTransfers(world: GatedWorld, payoutId: string): Promise<{ data: unknown[] }> {
  const response = await fetch(`${world.sandbox.url}/v1/transfers?transfer_group=payout-${payoutId}`, {
    headers: { authorization: `Bearer ${stripeCredentials.secretKey}` },
  });
  return (await response.json()) as { data: unknown[] };
}

export const MONEY_LIVES: readonly Transition[] = [
  {
    name: 'refund started',
    relay: { name: 'refunds', stands: 'alone' },
    places: places.CALL_PLACES,
    prepare: refundLife,
  },
  { name: 'refund sent', relay: { name: 'refunds', stands: 'no' }, places: places.ASKING_PLACES, prepare: refundLife },
  {
    name: 'refund settled',
    relay: { name: 'refunds', stands: 'no' },
    places: places.COMMIT_PLACES,
    prepare: refundLife,
  },
  {
    name: 'payouts started',
    relay: { name: 'payouts', stands: 'alone' },
    places: places.CALL_PLACES,
    prepare: payoutLife,
  },
  {
    name: 'payout sent',
    relay: { name: 'payouts', stands: 'no' },
    places: places.ACTIVITY_PLACES,
    prepare: payoutLife,
  },
  { name: 'payouts ended', relay: { name: 'payouts', stands: 'no' }, places: places.END_PLACES, prepare: payoutLife },
];
