import { z } from '@hono/zod-openapi';
import { invalid } from './errors.js';

const LONGEST_CURSOR = 512;

/** Query of a list: `limit` items after `cursor`. */
export const pageQuery = (limits: { standard: number; most: number } = { standard: 50, most: 200 }) =>
  z.object({
    limit: z.coerce.number().int().min(1).max(limits.most).default(limits.standard),
    cursor: z.string().max(LONGEST_CURSOR).optional(),
  });

/** The place where a page ended, opaque to callers. */
export function encodeCursor(place: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Reads a cursor as the given tuple. @throws Problem `invalid_request` for what was not given out by a list like this */
export function decodeCursor<T extends z.ZodType>(cursor: string | undefined, place: T): z.output<T> | null {
  if (cursor === undefined) return null;
  try {
    return place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw invalid('query.cursor', 'is not a cursor that this list gave out');
  }
}

/** Cuts rows read with one to spare into a page; the spare one only tells that there is more. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  place: (row: Row) => readonly (string | number)[],
  present: (row: Row) => Item,
) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(present),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(place(last)) : null,
  };
}
