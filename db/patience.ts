import {
  type CompiledQuery,
  Kysely,
  type PostgresPool,
  type PostgresPoolClient,
  type Transaction,
  type TransactionBuilder,
} from 'kysely';
import type pg from 'pg';
import { isPlanOutdated } from './prepared-client.js';

/** Serialization failure and deadlock: PostgreSQL has rolled all of it back and asks to try again. */
const TRY_AGAIN: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const MOST_TRIES = 6;
/** The first pause; each later one is twice as long. Who was in the way goes on meanwhile, so no dice are needed. */
const FIRST_PAUSE_MS = 10;

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const asksForRepeat = (error: unknown): boolean => TRY_AGAIN.has(codeOf(error)) || isPlanOutdated(error);

/** Runs `work` again while PostgreSQL asks for it, so what `work` does beside the database must bear a repeat. */
async function untilSerialized<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === MOST_TRIES || !asksForRepeat(error)) throw error;
      const pauseMs = FIRST_PAUSE_MS * 2 ** (tries - 1);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** A Kysely whose transactions are run again, from their begin, after a serialization failure or a deadlock. */
export class PatientKysely<DB> extends Kysely<DB> {
  /** Told of every transaction that was committed. */
  bell: { ring(): void; close(): Promise<void> } | null = null;

  override transaction(): TransactionBuilder<DB> {
    const builder = super.transaction();
    const once = builder.execute.bind(builder) as typeof builder.execute;
    return Object.assign(builder, {
      execute: async <T>(work: (trx: Transaction<DB>) => Promise<T>) => {
        const done = await untilSerialized(() => once(work));
        this.bell?.ring();
        return done;
      },
    });
  }

  override async destroy(): Promise<void> {
    await this.bell?.close();
    await super.destroy();
  }
}

/** What `pg` says when `query_timeout` has passed; the connection would still wait for its answer. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';

/** Begins the text of a statement whose answer nobody looks at: it is sent together with the next one. */
export const AHEAD = '/* ahead */';
/** Begins the text of a transaction's last statement: `commit` is sent together with it, so that nothing may fail after it. */
export const LAST = '/* last */';

/** Sends a statement of a transaction whose answer nobody looks at, but that it failed, together with the next one. */
export async function sendAhead<DB>(trx: Transaction<DB>, query: CompiledQuery): Promise<void> {
  await trx.executeQuery({ ...query, sql: `${AHEAD} ${query.sql}` });
}

interface Statement {
  sql: string;
  parameters: readonly unknown[];
}

const COMMIT: Statement = { sql: 'commit', parameters: [] };
const goesAhead = ({ sql }: Statement): boolean => sql === 'begin' || sql.startsWith(AHEAD);
const ENDS: ReadonlySet<string> = new Set(['commit', 'rollback']);
/** What is answered for a statement that waits for the next one. */
const NOTHING = { command: 'SELECT', rowCount: null, oid: 0, fields: [], rows: [] } satisfies pg.QueryResult;

/** @returns the last one's answer @throws the first one's error: those behind it say only that it failed */
async function firstFailure(asked: readonly Promise<pg.QueryResult>[]): Promise<pg.QueryResult> {
  const answers = await Promise.allSettled(asked);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return asked.at(-1)!;
}

/**
 * A connection for as long as it is lent. One that has not answered in time is closed at once: back in the pool it
 * would make everybody wait who is lent it next. A single statement, which is its own transaction, is run again too.
 * `begin`, and what is marked AHEAD or LAST, goes out with the statement beside it: a packet and a wait less each.
 */
class LentConnection {
  private gone: Error | null = null;
  private ahead: Statement[] = [];
  private committed: Promise<pg.QueryResult> | null = null;

  constructor(private readonly client: pg.PoolClient) {}

  async query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    const statement = { sql, parameters };
    if (goesAhead(statement)) {
      this.ahead.push(statement);
      return NOTHING;
    }
    if (this.committed !== null) return this.endCommitted(sql);
    if (sql.startsWith(LAST)) return this.askLast(statement);
    if (this.ahead.length > 0) return firstFailure(this.askTogether([...this.ahead.splice(0), statement]));
    const alone = this.client.getTransactionStatus() === 'I';
    return alone ? untilSerialized(() => this.ask(statement)) : this.ask(statement);
  }

  release(): void {
    if (this.gone === null) this.client.release();
  }

  /** Where the last statement failed, its `commit` has rolled back. */
  private endCommitted(sql: string): Promise<pg.QueryResult> {
    const { committed } = this;
    if (committed === null || !ENDS.has(sql)) throw new Error('a statement came after the last one of its transaction');
    this.committed = null;
    return sql === 'commit' ? committed : committed.catch(() => NOTHING);
  }

  private async askLast(statement: Statement): Promise<pg.QueryResult> {
    const asked = this.askTogether([...this.ahead.splice(0), statement, COMMIT]);
    this.committed = asked.pop()!;
    this.committed.catch(() => undefined); // told to whoever commits
    return firstFailure(asked);
  }

  private askTogether(statements: readonly Statement[]): Promise<pg.QueryResult>[] {
    const { stream } = (this.client as unknown as { connection: { stream: { cork(): void; uncork(): void } } })
      .connection;
    stream.cork();
    const asked = statements.map((statement) => this.ask(statement));
    stream.uncork();
    return asked;
  }

  private async ask({ sql, parameters }: Statement): Promise<pg.QueryResult> {
    if (this.gone !== null) throw this.gone;
    try {
      return await this.client.query(sql, [...parameters]);
    } catch (error) {
      if (isUnanswered(error) && this.gone === null) {
        this.gone = error as Error;
        this.client.release(true);
      }
      throw error;
    }
  }
}

/** Whoever asks next is told; without a listener the event would end the process. */
const onLost = (): void => undefined;

/**
 * A pool of `pg` that lends such connections to Kysely. They are listened to for all their life: the pool stops listening
 * as it lends one, which can be lost before its borrower runs, in the very packet that said it was ready.
 */
export function patientPool(pool: pg.Pool): PostgresPool {
  pool.on('connect', (client) => client.on('error', onLost));
  return {
    connect: async () => new LentConnection(await pool.connect()) as unknown as PostgresPoolClient,
    end: () => pool.end(),
  };
}
