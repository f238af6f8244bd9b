import { sql } from 'kysely';
import type { Db } from './database.js';

/** The three lines of a settlement seen from the therapist: what the client paid, the fee, what is left. */
function selectSettlements(db: Db, therapistId: string) {
  return db
    .selectFrom('ledgerTransaction as x')
    .innerJoin('appointment as a', 'a.id', 'x.appointmentId')
    .innerJoin('hold as h', 'h.appointmentId', 'a.id')
    .leftJoin('ledgerEntry as f', (join) =>
      join.onRef('f.transactionId', '=', 'x.id').on('f.account', 'like', 'platform_fee:%'),
    )
    .where('x.kind', '=', 'settle')
    .where('a.therapistId', '=', therapistId);
}

/** Settled sessions, the newest first; `before` is the transaction (uuidv7: ordered by time) where the last page ended. */
export function listEarnings(db: Db, therapistId: string, page: { limit: number; before: string | null }) {
  const { limit, before } = page;
  let query = selectSettlements(db, therapistId).select((eb) => [
    'x.id',
    'x.at',
    'a.id as appointmentId',
    'a.startsAt',
    'a.status',
    'h.currency',
    'h.amountMinor as grossMinor',
    eb.fn.coalesce('f.amountMinor', sql<number>`0::bigint`).as('feeMinor'),
  ]);
  if (before !== null) query = query.where('x.id', '<', before);
  return query.orderBy('x.id', 'desc').limit(limit).execute();
}

/** Sums of everything settled, by currency. */
export function sumEarnings(db: Db, therapistId: string) {
  return selectSettlements(db, therapistId)
    .select([
      'h.currency',
      sql<number>`count(*)`.as('sessions'),
      sql<number>`sum(h.amount_minor)::bigint`.as('grossMinor'),
      sql<number>`coalesce(sum(f.amount_minor), 0)::bigint`.as('feeMinor'),
    ])
    .groupBy('h.currency')
    .orderBy('h.currency')
    .execute();
}
