import { sql } from 'kysely';
import type { Db } from './database.js';
import type { Payment } from './payments.js';
import type { ProviderEvent } from './provider-events.js';
import type { RefundStatus } from './refunds.js';

/** What finds the payment whose refunds an event is about. */
export interface RefundNoticeIds {
  providerRef: string | null;
  chargeRef: string | null;
  paymentId: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By the provider's object or our own id, which are indexed; by the charge only where neither is known. */
async function findPayment(db: Db, provider: string, ids: RefundNoticeIds): Promise<Payment | undefined> {
  const payments = db
    .selectFrom('payment')
    .where('method', '=', provider as Payment['method'])
    .selectAll();
  const { providerRef, chargeRef, paymentId } = ids;
  const byRef =
    providerRef === null ? undefined : await payments.where('providerRef', '=', providerRef).executeTakeFirst();
  if (byRef !== undefined) return byRef;
  const isOurs = paymentId !== null && UUID.test(paymentId);
  const byId = isOurs ? await payments.where('id', '=', paymentId).executeTakeFirst() : undefined;
  if (byId !== undefined || chargeRef === null) return byId;
  return payments.where('chargeRef', '=', chargeRef).executeTakeFirst();
}

/**
 * Stores an event about refunds before it is acknowledged. One that came before and was not worked off is worked off
 * again. @returns the payment whose refunds to ask for; null when it is none of ours, or nothing is left to do
 */
export async function storeRefundEvent(db: Db, event: ProviderEvent, ids: RefundNoticeIds): Promise<Payment | null> {
  const payment = await findPayment(db, event.provider, ids);
  await db
    .insertInto('providerEvent')
    .values({ ...event, payload: JSON.stringify(event.payload), paymentId: payment?.id ?? null })
    .onConflict((conflict) => conflict.columns(['provider', 'eventId']).doNothing())
    .execute();
  const { handledAt } = await db
    .selectFrom('providerEvent')
    .where('provider', '=', event.provider)
    .where('eventId', '=', event.eventId)
    .select('handledAt')
    .executeTakeFirstOrThrow();
  return handledAt === null ? (payment ?? null) : null;
}

/** The refunds that the event was about are as the provider has them. */
export async function markRefundEventHandled(db: Db, { provider, eventId }: ProviderEvent): Promise<void> {
  await db
    .updateTable('providerEvent')
    .set({ handledAt: sql`clock_timestamp()` })
    .where('provider', '=', provider)
    .where('eventId', '=', eventId)
    .execute();
}

/** Our refund that a provider's is, by our id in it or by its own; null for one that was made by hand. */
export async function findOwnRefund(
  db: Db,
  paymentId: string,
  { refundId, refundRef }: { refundId: string | null; refundRef: string },
): Promise<{ id: string; status: RefundStatus } | null> {
  const ours = refundId !== null && UUID.test(refundId) ? refundId : null;
  const found = await db
    .selectFrom('refund')
    .where('paymentId', '=', paymentId)
    .where('destination', '=', 'source')
    .where((eb) => eb.or([eb('providerRef', '=', refundRef), ...(ours === null ? [] : [eb('id', '=', ours)])]))
    .select(['id', 'status'])
    .executeTakeFirst();
  return found ?? null;
}
