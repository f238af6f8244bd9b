import { topUpVerdict, type ProviderMethod, type TopUpLimit, type TopUpVerdict } from '../domain/money-limits.js';
import type { Db } from './database.js';
import type { Payment } from './payments.js';

export interface NewTopUp {
  /** Fixed by the request, so that its repeat meets the row. */
  paymentId: string;
  clientId: string;
  method: ProviderMethod;
  currency: string;
  amountMinor: number;
}

export type TopUpStart = { payment: Payment } | { refused: Exclude<TopUpVerdict, { allowed: true }> };

/** What operators allow in a currency, by method. */
export function topUpLimits(db: Db, currency: string): Promise<TopUpLimit[]> {
  return db
    .selectFrom('topUpLimit')
    .where('currency', '=', currency)
    .select(['method', 'isEnabled', 'maxMinor'])
    .execute();
}

/**
 * Writes down a top-up before the provider's object is made, so that a webhook always finds its row. Only a verified
 * event (or the sweep's question to the provider) completes it. A repeat of `paymentId` meets the first.
 */
export async function startTopUp(db: Db, topUp: NewTopUp): Promise<TopUpStart> {
  const { paymentId, clientId, method, currency, amountMinor } = topUp;
  return db.transaction().execute(async (trx) => {
    const before = await readTopUp(trx, clientId, paymentId);
    if (before !== undefined) return { payment: before };
    const verdict = topUpVerdict({ method, currency, amountMinor }, await topUpLimits(trx, currency));
    if (!verdict.allowed) return { refused: verdict };
    const payment = await trx
      .insertInto('payment')
      .values({ id: paymentId, clientId, purpose: 'top_up', method, amountMinor, currency })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { payment };
  });
}

/** One of the client's top-ups. */
export function readTopUp(db: Db, clientId: string, paymentId: string): Promise<Payment | undefined> {
  return db
    .selectFrom('payment')
    .where('id', '=', paymentId)
    .where('clientId', '=', clientId)
    .where('purpose', '=', 'top_up')
    .selectAll()
    .executeTakeFirst();
}
