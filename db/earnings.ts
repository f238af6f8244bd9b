import { sql } from 'kysely';
import type { Db } from './database.js';

/** What a therapist's sessions brought and what was reversed of it; a rail's carried rests are none of either. */
function selectLines(db: Db, therapistId: string) {
  return db
    .selectFrom('earningEntry as e')
    .innerJoin('appointment as a', 'a.id', 'e.appointmentId')
    .where('e.therapistId', '=', therapistId)
    .where('e.kind', '!=', 'carry')
    .select([
      'e.id',
      'e.kind',
      'e.appointmentId',
      'a.status',
      'a.startsAt',
      'e.createdAt',
      'e.currency',
      'e.grossMinor',
      'e.feeMinor',
      'e.netMinor',
      'e.payableAt',
      'e.payoutId',
      isFrozen.as('frozen'),
    ]);
}

const isFrozen = sql<boolean>`exists (select 1 from dispute d where d.id = e.frozen_by and d.status = 'open')`;

export type EarningLine = Awaited<ReturnType<typeof listEarnings>>[number];

/** Lines of earnings, the newest first; `before` is the entry (uuidv7: ordered by time) where the last page ended. */
export function listEarnings(db: Db, therapistId: string, page: { limit: number; before: string | null }) {
  const { limit, before } = page;
  let query = selectLines(db, therapistId);
  if (before !== null) query = query.where('e.id', '<', before);
  return query.orderBy('e.id', 'desc').limit(limit).execute();
}

/**
 * Sums of everything, by currency. Of the net: earned - reversed = payable now + not yet payable + frozen + paid out
 * (which counts what is on its way).
 */
export function sumEarnings(db: Db, therapistId: string) {
  const net = (condition: ReturnType<typeof sql>) =>
    sql<number>`coalesce(sum(e.net_minor) filter (where ${condition}), 0)::bigint`;
  const unpaid = sql`e.payout_id is null`;
  return db
    .selectFrom('earningEntry as e')
    .where('e.therapistId', '=', therapistId)
    .select([
      'e.currency',
      sql<number>`count(*) filter (where e.kind = 'session')`.as('sessions'),
      sql<number>`sum(e.gross_minor)::bigint`.as('grossMinor'),
      sql<number>`sum(e.fee_minor)::bigint`.as('feeMinor'),
      sql<number>`sum(e.net_minor)::bigint`.as('netMinor'),
      net(sql`e.kind = 'session'`).as('earnedMinor'),
      sql<number>`-${net(sql`e.kind = 'reversal'`)}`.as('reversedMinor'),
      net(sql`${unpaid} and not ${isFrozen} and e.payable_at <= clock_timestamp()`).as('payableNowMinor'),
      net(sql`${unpaid} and not ${isFrozen} and e.payable_at > clock_timestamp()`).as('notYetPayableMinor'),
      net(sql`${unpaid} and ${isFrozen}`).as('frozenMinor'),
      net(sql`e.payout_id is not null`).as('paidOutMinor'),
    ])
    .groupBy('e.currency')
    .orderBy('e.currency')
    .execute();
}

/**
 * Lines whose entry falls into a calendar month of the therapist's time zone, the oldest first, with the instants where
 * the month starts (included) and ends (not). @param month `2026-11` @param timeZone an IANA name
 */
export async function statementOf(db: Db, therapistId: string, month: string, timeZone: string) {
  const first = sql`${`${month}-01`}::timestamp`;
  const from = sql<Date>`(${first} at time zone ${timeZone}::text)`;
  const to = sql<Date>`((${first} + interval '1 month') at time zone ${timeZone}::text)`;
  const lines = await selectLines(db, therapistId)
    .where('e.createdAt', '>=', from)
    .where('e.createdAt', '<', to)
    .orderBy('e.id')
    .execute();
  const { rows } = await sql<{ from: Date; to: Date }>`select ${from} as from, ${to} as to`.execute(db);
  return { ...rows[0]!, lines };
}
