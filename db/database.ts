import { CamelCasePlugin, Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { DB } from './schema.js';

/** The database handle; a transaction is one too. */
export type Db = Kysely<DB>;
export type Trx = Transaction<DB>;

const INT8 = 20;

/** int8 as number: amounts and ids stay below 2^53, and a larger one is an error, never a rounded one. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} is beyond a safe integer`);
  return value;
}

const types = {
  getTypeParser: (oid: number, format?: 'text') => (oid === INT8 ? parseInt8 : pg.types.getTypeParser(oid, format)),
} as pg.CustomTypesConfig;

/** Opens a pool. `maxConnections` bounds it; every statement is given up after 30 s rather than hang a caller. */
export function openDatabase(databaseUrl: string, { maxConnections = 20 }: { maxConnections?: number } = {}): Db {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: maxConnections,
    types,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  // An idle connection that PostgreSQL drops must not end the process; the next query opens another.
  pool.on('error', () => undefined);
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}
