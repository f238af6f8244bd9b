import { sql } from 'kysely';
import type { Db } from './database.js';
import type { Dispute } from './disputes.js';

export const DISPUTE_STATUSES = ['inquiry', 'open', 'won', 'lost'] as const satisfies readonly Dispute['status'][];

/** A dispute as admins see it. */
export interface ListedDispute extends Dispute {
  clientId: string;
  appointmentId: string | null;
  /** What of the session's earning was reversed for it (gross, minor units). */
  reversedMinor: number;
}

/** Newest first, after the id where the last page ended. */
export function listDisputes(
  db: Db,
  { status, limit, before }: { status: Dispute['status'] | null; limit: number; before: string | null },
): Promise<ListedDispute[]> {
  let query = db
    .selectFrom('dispute as d')
    .innerJoin('payment as p', 'p.id', 'd.paymentId')
    .selectAll('d')
    .select(['p.clientId', 'p.appointmentId'])
    .select(
      sql<number>`coalesce((
        select sum(e.amount_minor) from ledger_transaction t
        join ledger_entry e on e.transaction_id = t.id
        join account a on a.code = e.account and a.kind = 'dispute_loss'
        where t.payment_id = p.id and t.appointment_id = p.appointment_id and t.kind = 'earnings_reversed'
          and d.status = 'lost'), 0)::bigint`.as('reversedMinor'),
    )
    .orderBy('d.id', 'desc')
    .limit(limit);
  if (status !== null) query = query.where('d.status', '=', status);
  if (before !== null) query = query.where('d.id', '<', before);
  return query.execute();
}
