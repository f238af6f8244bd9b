import { randomUUID } from 'node:crypto';
import { createPayoutBatch } from '../../../db/payouts.js';
import type { PayoutRailName } from '../../../domain/earnings.js';
import { earn, therapistPaidIn } from '../../../db/test-earnings.js';
import { payoutWorkflowId } from '../../../workflows/payout-messages.js';
import { refundSettled, refundWorkflowId } from '../../../workflows/refund-messages.js';
import { paidAndHeld, refundHandle, refundsAre, refundsOf } from '../../support/refunds.js';
import type { Script, Shape } from './stage.js';

/** The workflows beside the appointment's: refunds, payouts, the sweep. */

const refundCompleted: Script = async ({ world }) =>
  refundWorkflowId(await (await paidAndHeld(world, 'stripe')).release());

/** In the world where no other refund by Stripe takes what is planned for this one. */
const refundRefused: Script = async ({ deaf }) => {
  const { release } = await paidAndHeld(deaf, 'stripe');
  deaf.sandbox.control.refunds.plan('stripe', { outcome: 'refused' });
  return refundWorkflowId(await release());
};

/** The bank takes its time: asked twice, the second time because a webhook says that it is done. */
const refundPending: Script = async ({ deaf }) => {
  const { id, release } = await paidAndHeld(deaf, 'razorpay');
  deaf.sandbox.control.refunds.plan('razorpay', { outcome: 'pending' });
  const refundId = await release();
  await refundsAre(deaf, id, 'processing');
  deaf.sandbox.control.refunds.act((await refundsOf(deaf, id))[0]!.providerRef!, 'succeed');
  await refundHandle(deaf, refundId).signal(refundSettled);
  return refundWorkflowId(refundId);
};

/** A batch of its own currency, so that it takes nobody else's earnings. */
const payout =
  (currency: string, rail: PayoutRailName, accounts: readonly (string | null)[]): Script =>
  async ({ world, admin }) => {
    for (const account of accounts) await earn(world.db, await therapistPaidIn(world.db, currency, account), 10_000);
    const batchId = randomUUID();
    await createPayoutBatch(world.db, { id: batchId, currency, rail, createdBy: admin.id });
    return payoutWorkflowId(batchId);
  };

const sweep: Script = async ({ world }) => {
  const workflowId = `reconcile-${randomUUID()}`;
  await world.temporal.workflow.start('reconcile', { workflowId, taskQueue: world.taskQueue, args: [] });
  return workflowId;
};

const SENT = ['sendPayout', 'sendPayout'] as const;

export const MONEY_WORKFLOWS: Record<string, Shape> = {
  'refund-completed': { play: refundCompleted, ends: { status: 'completed' }, asks: ['sendRefund'] },
  'refund-refused': { play: refundRefused, ends: { status: 'refused' }, asks: ['sendRefund'] },
  'refund-pending': { play: refundPending, ends: { status: 'completed' }, asks: ['sendRefund', 'sendRefund'] },
  'payout-file': { play: payout('EUR', 'csv', [null, null]), ends: { sent: 2, failed: 0 }, asks: SENT },
  'payout-transfers': {
    play: payout('USD', 'stripe_connect', ['acct_1', 'acct_2']),
    ends: { sent: 2, failed: 0 },
    asks: SENT,
  },
  'payout-refused': {
    play: payout('GBP', 'stripe_connect', ['acct_3', 'acct_closed']),
    ends: { sent: 1, failed: 1 },
    asks: SENT,
  },
  reconcile: { play: sweep, ends: { providers: [{}, {}] }, asks: ['reconcilePayments'] },
};
