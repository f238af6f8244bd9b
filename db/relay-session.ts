import { type RawBuilder, sql } from 'kysely';
import pg from 'pg';
import type { Db } from './database.js';

/** The class of the advisory locks by which relays show that they live: "rely" in ASCII. */
const RELAY_LOCK_CLASS = 0x72656c79;

const RECONNECT_MS = 200;
/** After PostgreSQL restarted every lock is gone for a moment: living relays get this long to take theirs again. */
const RESTART_GRACE_MS = 3_000;

/** A statement for the ids of the relays that live: those whose lock is held. */
export const livingRelays: RawBuilder<unknown> = sql`
  select l.objid::int8 as id from pg_locks l
  where l.locktype = 'advisory' and l.classid = ${RELAY_LOCK_CLASS}::oid and l.objsubid = 2 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())`;

/** True in SQL when the locks say who lives: they don't just after PostgreSQL has started. */
export const locksAreTelling: RawBuilder<boolean> = sql`
  (pg_postmaster_start_time() < clock_timestamp() - ${RESTART_GRACE_MS} * interval '1 millisecond')`;

/** The ids of the relays that live; null when nobody can tell yet, since PostgreSQL has just started. */
export async function readLivingRelays(db: Db): Promise<Set<number> | null> {
  const { rows } = await sql<{ telling: boolean; ids: number[] }>`
    select ${locksAreTelling} as telling, array(select id::int from (${livingRelays}) living) as ids`.execute(db);
  const { telling, ids } = rows[0]!;
  return telling ? new Set(ids) : null;
}

/**
 * One relay's life as PostgreSQL sees it: an id of its own and, on a connection of its own, an advisory lock on it that
 * goes with the process. What a relay claims carries the id; whose lock is gone is dead, and its rows are taken over.
 * The id stays the same over a lost connection (PostgreSQL restarted): the lock is taken again as soon as it can be.
 */
export class RelaySession {
  private client: pg.Client | null = null;
  private closed = false;

  private constructor(
    private readonly databaseUrl: string,
    readonly id: number,
  ) {}

  /** Takes an id and its lock. @throws what the database says when it can't be reached */
  static async open(databaseUrl: string): Promise<RelaySession> {
    const client = await connect(databaseUrl);
    const { rows } = await client.query<{ id: number }>(`select nextval('relay_id')::int as id`);
    const session = new RelaySession(databaseUrl, rows[0]!.id);
    await session.hold(client);
    return session;
  }

  /** True while the lock is held: only then may new work be begun. */
  get held(): boolean {
    return this.client !== null;
  }

  /** Gives the lock up; what is still claimed is others' from now on. */
  async close(): Promise<void> {
    this.closed = true;
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private async hold(client: pg.Client): Promise<boolean> {
    const lost = (): void => {
      if (this.client !== client) return;
      this.client = null;
      void this.holdAgain();
    };
    client.on('error', lost);
    client.on('end', lost);
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [
      RELAY_LOCK_CLASS,
      this.id,
    ]);
    const taken = rows[0]!.taken && !this.closed;
    if (taken) this.client = client;
    else await client.end();
    return taken;
  }

  /** A connection that broke may hold the lock for a while still, until PostgreSQL has noticed. */
  private async holdAgain(): Promise<void> {
    while (!this.closed) {
      const held = await connect(this.databaseUrl)
        .then((client) => this.hold(client))
        .catch(() => false);
      if (held) return;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}

/** The server notices within some ten seconds when this host is gone without a word. */
const KEEPALIVE = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3';

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    keepAlive: true,
    options: KEEPALIVE,
    connectionTimeoutMillis: 5_000,
    application_name: 'punctual relay',
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
