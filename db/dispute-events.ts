import { sql } from 'kysely';
import type { Db } from './database.js';
import { applyDispute, type DisputeNews, type DisputeOutcome } from './disputes.js';
import type { ProviderEvent } from './provider-events.js';

/**
 * Stores a verified event about a dispute before anything is done about it. @returns true while it is unhandled: now,
 * or because an earlier try did not come to its end
 */
export async function storeDisputeEvent(db: Db, event: ProviderEvent): Promise<boolean> {
  await db
    .insertInto('providerEvent')
    .values({ ...event, payload: JSON.stringify(event.payload) })
    .onConflict((conflict) => conflict.columns(['provider', 'eventId']).doNothing())
    .execute();
  const { handledAt } = await db
    .selectFrom('providerEvent')
    .where('provider', '=', event.provider)
    .where('eventId', '=', event.eventId)
    .select('handledAt')
    .executeTakeFirstOrThrow();
  return handledAt === null;
}

/**
 * Applies a dispute as the provider has it now and marks the event in the same transaction. One that can't be applied
 * (no payment of ours, a second decision) stays unhandled: it shows in attention.
 */
export async function applyDisputeEvent(
  db: Db,
  event: Pick<ProviderEvent, 'provider' | 'eventId'>,
  news: DisputeNews,
): Promise<DisputeOutcome> {
  return db.transaction().execute(async (trx) => {
    const result = await applyDispute(trx, news);
    if (result.outcome === 'unknown_payment') return result;
    await trx
      .updateTable('providerEvent')
      .set({
        paymentId: result.paymentId,
        handledAt: result.outcome === 'applied' ? sql<Date>`coalesce(handled_at, clock_timestamp())` : null,
      })
      .where('provider', '=', event.provider)
      .where('eventId', '=', event.eventId)
      .execute();
    return result;
  });
}

/** Disputes to ask about again: the bank may have decided, or their payment has changed since they were counted. */
export function disputesToReview(db: Db, limit: number) {
  return db
    .selectFrom('dispute as d')
    .innerJoin('payment as p', 'p.id', 'd.paymentId')
    .where((eb) =>
      eb.or([
        eb('d.status', 'in', ['inquiry', 'open']),
        eb.and([
          eb('d.status', '=', 'lost'),
          eb.or([
            sql<boolean>`d.counted_minor < d.amount_minor and p.refunding_minor + p.refunded_minor + p.disputed_minor < p.captured_minor`,
            sql<boolean>`exists (select 1 from wallet_lot l where l.payment_id = p.id and l.remaining_minor > 0)
              and exists (select 1 from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
                join account a on a.code = e.account and a.kind in ('dispute_loss', 'client_receivable')
                where t.payment_id = p.id having sum(e.amount_minor) < 0)`,
          ]),
        ]),
      ]),
    )
    .select(['d.provider', 'd.providerRef as disputeRef'])
    .orderBy('d.openedAt')
    .limit(limit)
    .execute();
}

/** Events about disputes that no try has brought to their end, with the dispute they name; the last week's. */
export async function unhandledDisputeEvents(
  db: Db,
  limit: number,
): Promise<{ provider: 'stripe' | 'razorpay'; eventId: string; disputeRef: string }[]> {
  const { rows } = await sql<{ provider: 'stripe' | 'razorpay'; eventId: string; disputeRef: string }>`
    select provider, event_id, dispute_ref
    from provider_event, lateral (select coalesce(payload #>> '{data,object,id}', payload #>> '{payload,dispute,entity,id}')) d (dispute_ref)
    where handled_at is null and provider <> 'twilio' and (type like 'charge.dispute.%' or type like 'payment.dispute.%')
      and received_at between clock_timestamp() - interval '7 days' and clock_timestamp() - interval '1 minute'
      and dispute_ref is not null
    order by received_at limit ${limit}`.execute(db);
  return rows;
}
