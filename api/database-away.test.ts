import Stripe from 'stripe';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../db/database.js';
import { createProviders } from '../providers/index.js';
import { configFor } from '../providers/test-support.js';
import { createApp } from './app.js';
import { LiveFeed } from './live/feed.js';
import { createTemporalClient } from './temporal-client.js';

/** With PostgreSQL where nobody listens. */

const databaseUrl = 'postgres://nobody@127.0.0.1:1/nothing';
const db = openDatabase(databaseUrl);
const temporal = createTemporalClient({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
const config = {
  host: '',
  port: 0,
  publicUrl: 'http://127.0.0.1:9',
  site: { brand: 'Punctual', webUrl: 'http://127.0.0.1:9' },
  oidcIssuer: 'http://127.0.0.1:1',
  oidcAudience: 'punctual',
  corsOrigins: [],
  taskQueue: 'none',
  logLevel: 'silent',
};
const providerConfig = configFor('http://127.0.0.1:9');
const log = pino({ level: 'silent' });
const live = new LiveFeed({ db, databaseUrl, log });
const app = createApp({ config, db, temporal, providers: createProviders(providerConfig), log, live });
afterAll(async () => {
  await live.close();
  await db.destroy();
  await temporal.connection.close();
});

test('a genuine webhook is not acknowledged: its sender must come again', async () => {
  const payload = JSON.stringify({ id: 'evt_1', type: 'charge.refunded', created: 1, data: { object: {} } });
  const signature = new Stripe('sk_test_none').webhooks.generateTestHeaderString({
    payload,
    secret: providerConfig.stripe.webhookSecret,
  });
  const answer = await app.request('/webhooks/stripe', {
    method: 'POST',
    body: payload,
    headers: { 'stripe-signature': signature },
  });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await answer.json()).toMatchObject({ code: 'database_unavailable' });
});

test('the process is alive, not ready, and says what is away', async () => {
  expect((await app.request('/healthz')).status).toBe(200);
  const ready = await app.request('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ code: 'not_ready', postgres: 'away', temporal: 'away' });
});

test('with the issuer away a token can’t be judged: 503, not 401', async () => {
  const answer = await app.request('/v1/me', { headers: { authorization: 'Bearer a.b.c' } });
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 'issuer_unavailable' });
});
