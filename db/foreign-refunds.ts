import { sql } from 'kysely';
import type { Db } from './database.js';

/**
 * Refunds that somebody made by hand at the provider. Nothing is booked for them: they wait here for attention until
 * one of our refunds turns out to be them.
 */
export interface ForeignRefund {
  provider: 'stripe' | 'razorpay';
  providerRef: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
}

/** Remembers it, once. */
export async function recordForeignRefund(db: Db, refund: ForeignRefund): Promise<void> {
  await db
    .insertInto('foreignRefund')
    .values(refund)
    .onConflict((conflict) => conflict.columns(['provider', 'providerRef']).doNothing())
    .execute();
}

/** Those that nobody has looked at, oldest first: for operators' attention. */
export function openForeignRefunds(db: Db, limit: number) {
  return db
    .selectFrom('foreignRefund as f')
    .innerJoin('payment as p', 'p.id', 'f.paymentId')
    .where('f.resolvedAt', 'is', null)
    .select(['f.provider', 'f.providerRef', 'f.paymentId', 'f.amountMinor', 'f.currency', 'f.seenAt'])
    .select('p.appointmentId')
    .orderBy('f.seenAt')
    .limit(limit)
    .execute();
}

/** Somebody has seen to it. */
export async function resolveForeignRefund(db: Db, provider: string, providerRef: string): Promise<void> {
  await db
    .updateTable('foreignRefund')
    .set({ resolvedAt: sql<Date>`clock_timestamp()` })
    .where('provider', '=', provider as ForeignRefund['provider'])
    .where('providerRef', '=', providerRef)
    .where('resolvedAt', 'is', null)
    .execute();
}

/** Which of these refunds at a provider belong to none of ours, in the order given. */
export async function adoptableRefunds(db: Db, providerRefs: readonly string[]): Promise<string[]> {
  if (providerRefs.length === 0) return [];
  const taken = await db
    .selectFrom('refund')
    .where('providerRef', 'in', [...providerRefs])
    .select('providerRef')
    .execute();
  return providerRefs.filter((ref) => !taken.some(({ providerRef }) => providerRef === ref));
}
