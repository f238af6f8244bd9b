import { sql } from 'kysely';
import type { Db } from './database.js';
import { decryptField } from './field-encryption.js';

/** Batches with the sums of their payouts, ready to be narrowed and ordered. */
function selectBatches(db: Db) {
  return db
    .selectFrom('payoutBatch as b')
    .innerJoin('payout as p', 'p.batchId', 'b.id')
    .select([
      'b.id',
      'b.rail',
      'b.currency',
      'b.createdAt',
      sql<number>`count(*)`.as('payouts'),
      sql<number>`count(*) filter (where p.status = 'pending')`.as('pending'),
      sql<number>`count(*) filter (where p.status = 'sent')`.as('sent'),
      sql<number>`count(*) filter (where p.status = 'failed')`.as('failed'),
      sql<number>`sum(p.amount_minor)::bigint`.as('amountMinor'),
    ])
    .groupBy('b.id');
}

export type BatchSummary = Awaited<ReturnType<typeof listPayoutBatches>>[number];

/** Batches, the newest first; `before` is where the last page ended. Ids are minted by requests, so time orders them. */
export function listPayoutBatches(db: Db, page: { limit: number; before: { createdAtMs: number; id: string } | null }) {
  const { limit, before } = page;
  let query = selectBatches(db);
  if (before !== null) {
    query = query.where(
      sql<boolean>`(b.created_at, b.id) < (${new Date(before.createdAtMs)}::timestamptz, ${before.id}::uuid)`,
    );
  }
  return query.orderBy('b.createdAt', 'desc').orderBy('b.id', 'desc').limit(limit).execute();
}

/** One batch with every payout of it, by the therapist's name; null where there is none. */
export async function readPayoutBatch(db: Db, batchId: string) {
  const summary = await selectBatches(db).where('b.id', '=', batchId).executeTakeFirst();
  if (summary === undefined) return null;
  const rows = await db
    .selectFrom('payout as p')
    .innerJoin('person as t', 't.id', 'p.therapistId')
    .where('p.batchId', '=', batchId)
    .select([
      'p.id',
      'p.therapistId',
      't.name as therapistName',
      'p.amountMinor',
      'p.currency',
      'p.status',
      'p.providerRef',
      'p.failureCode',
      'p.createdAt',
      'p.sentAt',
    ])
    .orderBy('p.id')
    .execute();
  const items = rows
    .map((row) => ({ ...row, therapistName: decryptField(db, 'person.name', row.therapistId, row.therapistName) }))
    .toSorted((a, b) => a.therapistName.localeCompare(b.therapistName));
  return { summary, items };
}

export type BatchPayout = NonNullable<Awaited<ReturnType<typeof readPayoutBatch>>>['items'][number];

/** A therapist's latest payouts, the newest first. */
export function latestPayouts(db: Db, therapistId: string, limit: number) {
  return db
    .selectFrom('payout as p')
    .innerJoin('payoutBatch as b', 'b.id', 'p.batchId')
    .where('p.therapistId', '=', therapistId)
    .select(['p.id', 'b.rail', 'p.amountMinor', 'p.currency', 'p.status', 'p.createdAt', 'p.sentAt'])
    .orderBy('p.id', 'desc')
    .limit(limit)
    .execute();
}
