import type { Db } from './database.js';
import { encryptField } from './field-encryption.js';

/** Writes the one review of a session. @returns null when there is one already */
export async function writeReview(db: Db, appointmentId: string, review: { rating: number; text: string | null }) {
  const { rating, text } = review;
  const row = await db
    .insertInto('review')
    .values({
      appointmentId,
      rating,
      text: text === null ? null : encryptField(db, 'review.text', appointmentId, text),
    })
    .onConflict((conflict) => conflict.column('appointmentId').doNothing())
    .returning('createdAt')
    .executeTakeFirst();
  return row === undefined ? null : { rating, text, createdAt: row.createdAt };
}
