import { CompiledQuery } from 'kysely';
import type { Db } from './database.js';

/** The table that the limits of all processes share. */
export const RATE_LIMIT_TABLE = 'rate_limit';

/** What rate-limiter-flexible takes for a client of PostgreSQL: our pool, with its time-outs. */
export const limiterClient = (db: Db) => ({
  query: async ({ text, values }: { text: string; values: readonly unknown[] }) => {
    const { rows, numAffectedRows } = await db.executeQuery(CompiledQuery.raw(text, [...values]));
    return { rows, rowCount: Number(numAffectedRows ?? rows.length) };
  },
});
