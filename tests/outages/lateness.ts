import type { Db } from '../../db/database.js';
import type { Life } from './lives.js';

/** How late something was, ms; below zero is early. */
export interface Lateness {
  count: number;
  firstMs: number;
  p50Ms: number;
  maxMs: number;
}

/** The figures of some delays, ms. */
export function figuresOf(delaysMs: readonly number[]): Lateness {
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { count: sorted.length, firstMs: at(0), p50Ms: at(0.5), maxMs: at(1) };
}

export const written = ({ count, firstMs, p50Ms, maxMs }: Lateness): string =>
  `p50 ${p50Ms} ms, max ${maxMs} ms (${count}, the first at ${firstMs} ms)`;

const idsOf = (lives: readonly Life[]): string[] => lives.map(({ id }) => id);

/** From its due time until a transition of the clock was written down. */
export async function durableDelays(db: Db, lives: readonly Life[], kind: string): Promise<number[]> {
  const rows = await db
    .selectFrom('timelineEntry')
    .where('appointmentId', 'in', idsOf(lives))
    .where('kind', '=', kind)
    .select(['at', 'due'])
    .execute();
  return rows.map(({ at, due }) => at.getTime() - due!.getTime());
}

/** From T-5 until a vendor was seen to have what says that Join is open; of in-app notices until they were written. */
export async function tellingDelays(
  db: Db,
  lives: readonly Life[],
  channels: readonly ('email' | 'sms' | 'in_app')[],
): Promise<number[]> {
  const rows = await db
    .selectFrom('notification as n')
    .innerJoin('appointment as a', 'a.id', 'n.appointmentId')
    .where('n.appointmentId', 'in', idsOf(lives))
    .where('n.kind', '=', 't5')
    .where('n.status', '=', 'sent')
    .where('n.channel', 'in', [...channels])
    .select(['n.sentAt', 'a.opensAt'])
    .execute();
  return rows.map(({ sentAt, opensAt }) => sentAt!.getTime() - opensAt.getTime());
}
