import { z } from '@hono/zod-openapi';
import type { BatchPayout, BatchSummary, readPayoutBatch } from '../db/payout-lists.js';
import { PAYOUT_RAILS, PAYOUT_STATUSES } from '../domain/earnings.js';
import { toMajorUnits } from '../domain/major-units.js';
import { toCsv } from './csv.js';
import { payoutReference } from './earnings-view.js';
import { amountMinor, currency, id, instant } from './schemas.js';

/** Payout batches as admins read them. */

const count = z.int();

export const batchSchema = z
  .object({
    id,
    rail: z.enum(PAYOUT_RAILS),
    currency,
    amountMinor: amountMinor.openapi({ description: 'The sum of its payouts, refused ones included.' }),
    payouts: z.object({ total: count, pending: count, sent: count, failed: count }),
    createdAt: instant,
  })
  .openapi('PayoutBatch');

const batchPayoutSchema = z
  .object({
    id,
    therapist: z.object({ id, name: z.string() }),
    amountMinor,
    currency,
    status: z.enum(PAYOUT_STATUSES),
    reference: z.string(),
    providerRef: z.string().nullable(),
    failureCode: z.string().nullable(),
    createdAt: instant,
    sentAt: instant.nullable(),
  })
  .openapi('BatchPayout');

export const batchDetailSchema = batchSchema.extend({ items: z.array(batchPayoutSchema) }).openapi('PayoutBatchDetail');

export function presentBatch({
  id: batchId,
  rail,
  currency: code,
  amountMinor: sum,
  createdAt,
  ...counts
}: BatchSummary) {
  const { payouts: total, pending, sent, failed } = counts;
  return {
    id: batchId,
    rail,
    currency: code,
    amountMinor: sum,
    payouts: { total, pending, sent, failed },
    createdAt: createdAt.toISOString(),
  };
}

function presentPayout({ therapistId, therapistName, createdAt, sentAt, ...payout }: BatchPayout) {
  return {
    ...payout,
    therapist: { id: therapistId, name: therapistName },
    reference: payoutReference(payout.id),
    createdAt: createdAt.toISOString(),
    sentAt: sentAt?.toISOString() ?? null,
  };
}

type Batch = NonNullable<Awaited<ReturnType<typeof readPayoutBatch>>>;

export const presentBatchDetail = ({ summary, items }: Batch) => ({
  ...presentBatch(summary),
  items: items.map(presentPayout),
});

/** What an admin hands in to the bank; refused payouts are not in it, their earnings are in a later one. */
export function batchCsv({ items }: Batch): string {
  const rows = items
    .filter(({ status }) => status !== 'failed')
    .map(({ id: payoutId, therapistName, amountMinor: minor, currency: code, status }) => [
      therapistName,
      toMajorUnits(minor, code),
      code,
      payoutReference(payoutId),
      status,
    ]);
  return toCsv(['therapist', 'amount', 'currency', 'reference', 'status'], rows);
}
