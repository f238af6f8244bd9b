import { sql } from 'kysely';
import type { Db } from './database.js';
import type { JsonObject } from './json.js';
import type { Payment } from './payments.js';

/** What a provider's object says of itself: its id, and our payment's id from its metadata. */
export interface ObjectIds {
  providerRef: string;
  paymentId: string | null;
}

/** Our row of a provider's object, and whether its money is stored and waits for its workflow. */
export type KnownPayment = Pick<
  Payment,
  | 'id'
  | 'purpose'
  | 'providerRef'
  | 'status'
  | 'failureCode'
  | 'currency'
  | 'capturedMinor'
  | 'refundingMinor'
  | 'refundedMinor'
> & { isOnItsWay: boolean };

const isUuid = (text: string | null): text is string =>
  text !== null && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

function selectKnown(db: Db, provider: 'stripe' | 'razorpay') {
  return db
    .selectFrom('payment as p')
    .where('p.method', '=', provider)
    .select(['p.id', 'p.purpose', 'p.providerRef', 'p.status', 'p.failureCode', 'p.currency'])
    .select(['p.capturedMinor', 'p.refundingMinor', 'p.refundedMinor'])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('message as m')
            .whereRef('m.appointmentId', '=', 'p.appointmentId')
            .where('m.kind', '=', 'payment_settled')
            .where('m.handledAt', 'is', null)
            .where(sql<boolean>`m.payload ->> 'paymentId' = p.id::text`)
            .select('m.id'),
        )
        .$castTo<boolean>()
        .as('isOnItsWay'),
    );
}

/** Our rows by the objects' own ids: found by the object, else by the payment it names. */
export async function readKnown(
  db: Db,
  provider: 'stripe' | 'razorpay',
  objects: readonly ObjectIds[],
): Promise<Map<string, KnownPayment>> {
  const refs = objects.map(({ providerRef }) => providerRef);
  const ids = objects.map(({ paymentId }) => paymentId).filter(isUuid);
  if (refs.length === 0) return new Map();
  const rows = await selectKnown(db, provider)
    .where((eb) => eb.or([eb('p.providerRef', 'in', refs), ...(ids.length === 0 ? [] : [eb('p.id', 'in', ids)])]))
    .execute();
  const byRef = new Map(rows.map((row) => [row.providerRef, row]));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    objects.flatMap(({ providerRef, paymentId }) => {
      const row = byRef.get(providerRef) ?? byId.get(paymentId?.toLowerCase() ?? '');
      return row === undefined ? [] : [[providerRef, row] as const];
    }),
  );
}

/** Rows made since whose provider has not said the last word, by id after `after`. */
export function openSince(
  db: Db,
  provider: 'stripe' | 'razorpay',
  page: { since: Date; after: string | null; limit: number },
): Promise<KnownPayment[]> {
  let query = selectKnown(db, provider)
    .where('p.createdAt', '>=', page.since)
    .where('p.providerRef', 'is not', null)
    .where('p.status', 'in', ['pending', 'processing', 'failed'])
    .where(sql<boolean>`p.failure_code is distinct from 'canceled'`);
  if (page.after !== null) query = query.where('p.id', '>', page.after);
  return query.orderBy('p.id').limit(page.limit).execute();
}

/** Rows made since for which money was funded here, by id after `after`. */
export function fundedSince(
  db: Db,
  provider: 'stripe' | 'razorpay',
  page: { since: Date; after: string | null; limit: number },
): Promise<KnownPayment[]> {
  let query = selectKnown(db, provider).where('p.createdAt', '>=', page.since).where('p.capturedMinor', '>', 0);
  if (page.after !== null) query = query.where('p.id', '>', page.after);
  return query.orderBy('p.id').limit(page.limit).execute();
}

/**
 * Puts an object that names a payment we have never had into the inbox, unhandled: it shows in attention. Once an
 * object. @returns whether it is new
 */
export async function noteUnknownObject(
  db: Db,
  provider: 'stripe' | 'razorpay',
  providerRef: string,
  payload: JsonObject,
): Promise<boolean> {
  const inserted = await db
    .insertInto('providerEvent')
    .values({
      provider,
      eventId: `sweep:${providerRef}`,
      type: 'sweep.unknown_payment',
      payload: JSON.stringify(payload),
    })
    .onConflict((conflict) => conflict.columns(['provider', 'eventId']).doNothing())
    .returning('eventId')
    .executeTakeFirst();
  return inserted !== undefined;
}
