import type { Db } from './database.js';

/** Writes the one review of a session. @returns null when there is one already */
export async function writeReview(db: Db, appointmentId: string, review: { rating: number; text: string | null }) {
  const row = await db
    .insertInto('review')
    .values({ appointmentId, ...review })
    .onConflict((conflict) => conflict.column('appointmentId').doNothing())
    .returning(['rating', 'text', 'createdAt'])
    .executeTakeFirst();
  return row ?? null;
}
