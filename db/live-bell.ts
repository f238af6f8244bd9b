import pg from 'pg';

/** On which channel listeners are woken. The payload is empty: what happened is read from `live_event`. */
export const LIVE_CHANNEL = 'live';

/** Rings that come closer together are one. */
const APART_MS = 40;
const CONNECT_MS = 5_000;

/**
 * Wakes listeners after a commit, and never in it: PostgreSQL lets transactions that notify commit one at a time, each
 * with its wait for the disk, which cost commits up to nine tenths of their rate. On a connection of its own, opened at the
 * first ring. A ring that fails is forgotten: listeners look by themselves twice a second.
 */
export class LiveBell {
  private client: pg.Client | null = null;
  private ringing: Promise<void> | null = null;
  private again = false;
  private isClosed = false;

  constructor(private readonly databaseUrl: string) {}

  /** Returns at once. */
  ring(): void {
    this.again = true;
    if (!this.isClosed) this.ringing ??= this.ringOn();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.ringing;
    await this.client?.end().catch(() => undefined);
  }

  private async ringOn(): Promise<void> {
    while (this.again && !this.isClosed) {
      this.again = false;
      await this.notify().catch(() => this.drop());
      await new Promise((resolve) => setTimeout(resolve, APART_MS));
    }
    this.ringing = null;
  }

  private async notify(): Promise<void> {
    this.client ??= await connect(this.databaseUrl);
    await this.client.query(`notify ${LIVE_CHANNEL}`);
  }

  private drop(): void {
    void this.client?.end().catch(() => undefined);
    this.client = null;
  }
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
    // A ring says nothing that would have to survive: the lock that all notifiers share is held without a wait for the disk.
    options: '-c synchronous_commit=off',
    application_name: 'punctual bell',
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
