import { once } from 'node:events';
import type { Server } from 'node:http';
import { readDatabaseConfig, readFieldKeys } from '../db/config.js';
import { openDatabase } from '../db/database.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders } from '../providers/index.js';
import { readCodecKeys } from '../secrets/config.js';
import { createApp } from './app.js';
import { Background } from './background.js';
import { type ApiConfig, readApiConfig } from './config.js';
import { openLog } from './log.js';
import { LiveFeed } from './live/feed.js';
import { createHttpServer } from './server.js';
import { createTemporalClient } from './temporal-client.js';

/** How long a stop waits for requests and what goes on behind them. */
const GRACE_MS = 10_000;

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function listen(server: Server, { host, port }: ApiConfig): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw taken ? new Error(`Port ${port} is taken: stop what listens there, or set PORT to another one.`) : error;
  }
}

async function main(): Promise<void> {
  const config = readApiConfig();
  const providers = createProviders(readProviderConfig());
  const keys = readFieldKeys();
  const { databaseUrl } = readDatabaseConfig();
  const pool = { maxConnections: config.databaseConnections, rings: true };
  const db = openDatabase(databaseUrl, { ...pool, fieldKeys: () => keys });
  const codecKeys = readCodecKeys();
  const temporal = createTemporalClient(undefined, codecKeys);
  const { log, flush } = openLog(config.logLevel);
  const background = new Background(log);
  const live = new LiveFeed({ db, databaseUrl, log });
  const app = createApp({ config, db, temporal, providers, log, live, background, codecKeys });
  const server = createHttpServer(app.fetch);
  const closed = once(server, 'close');
  await listen(server, config);
  log.info({ address: server.address() }, 'the API answers');
  flush();
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(0), GRACE_MS).unref();
    server.close();
    await live.close();
    server.closeIdleConnections();
    await closed;
    await background.settled();
    await db.destroy();
    await temporal.connection.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal).catch(fail));
}

await main().catch(fail);
