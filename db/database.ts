import { type Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { readFieldKeys } from './config.js';
import type { KeyProvider } from './field-cipher.js';
import { ColumnsPlugin } from './field-encryption.js';
import { LiveBell } from './live-bell.js';
import { PatientKysely, patientPool } from './patience.js';
import { preparingClient } from './prepared-client.js';
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

/** PostgreSQL gives a statement up after this long, and takes back a transaction whose owner is silent for as long. */
const STATEMENT_MS = 10_000;
/** When PostgreSQL itself is silent: with the time to connect, the longest that a caller waits. */
const ANSWER_MS = STATEMENT_MS + 2_000;
const CONNECT_MS = 5_000;

let known: KeyProvider | null = null;
/** The environment's keys, read when something encrypted is first met: a tool that meets nothing needs none. */
const onFirstUse = (): KeyProvider => (known ??= readFieldKeys());

/**
 * Opens a pool of at most `maxConnections`. No call waits for ever: see the limits above. Transactions and single
 * statements that PostgreSQL asks to repeat (serialization failure, deadlock) are repeated a few times. `rings`: who
 * listens for events is woken after each transaction.
 */
export function openDatabase(
  databaseUrl: string,
  {
    maxConnections = 20,
    rings = false,
    fieldKeys = onFirstUse,
  }: { maxConnections?: number; rings?: boolean; fieldKeys?: () => KeyProvider } = {},
): Db {
  const pool = new pg.Pool({
    Client: preparingClient(),
    connectionString: databaseUrl,
    max: maxConnections,
    types,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    keepAlive: true,
    pipeline: true, // for what patience.ts sends together
  } as pg.PoolConfig);
  // An idle connection that PostgreSQL drops must not end the process; the next query opens another.
  pool.on('error', () => undefined);
  const db = new PatientKysely<DB>({
    dialect: new PostgresDialect({ pool: patientPool(pool) }),
    plugins: [new ColumnsPlugin(fieldKeys)],
  });
  if (rings) db.bell = new LiveBell(databaseUrl);
  return db;
}
