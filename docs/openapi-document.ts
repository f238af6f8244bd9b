import { pino } from 'pino';
import { createApp } from '../api/app.js';
import { LiveFeed } from '../api/live/feed.js';
import { createTemporalClient } from '../api/temporal-client.js';
import { openDatabase } from '../db/database.js';
import { providerEnvironment } from '../dev/provider-environment.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders } from '../providers/index.js';

/** Nothing listens there, and nothing is asked: the document follows from the routes alone. */
const NOWHERE = 'http://127.0.0.1:1';

/** The OpenAPI document that this code answers with at /openapi.json, without anything that a running service needs. */
export async function describeApi(): Promise<object> {
  const log = pino({ level: 'silent' });
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/nothing';
  const db = openDatabase(databaseUrl);
  const temporal = createTemporalClient({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  const environment = providerEnvironment({ url: NOWHERE, smtpUrl: 'smtp://127.0.0.1:1' });
  const app = createApp({
    config: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: NOWHERE,
      site: { brand: 'Punctual', webUrl: NOWHERE },
      oidcIssuer: NOWHERE,
      oidcAudience: 'punctual',
      corsOrigins: [],
      taskQueue: 'none',
      logLevel: 'silent',
    },
    db,
    temporal,
    providers: createProviders(readProviderConfig(environment)),
    log,
    live: new LiveFeed({ db, databaseUrl, log }),
  });
  const answer = await app.request('/openapi.json');
  await temporal.connection.close();
  await db.destroy();
  return (await answer.json()) as object;
}
