import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import pg from 'pg';
import { createTemporalClient } from '../../api/temporal-client.js';
import { BareCalls } from '../bare/calls.js';

/**
 * What the API is compared with: Hono, jose and `pg` by hand, and the bare workflow's messages. `/private` checks the
 * bearer token as the API does, `/open` nothing. No rules, no roles, no log, no errors.
 */

const [port = '', databaseUrl = '', issuer = '', audience = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
const calls = new BareCalls(createTemporalClient());

async function keySet(): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
  const { jwks_uri: uri } = (await answer.json()) as { jwks_uri: string };
  return createRemoteJWKSet(new URL(uri));
}
const keys = await keySet();

const app = new Hono();
app.get('/healthz', (c) => c.json({ status: 'ok' }));
app.use('/private/*', async (c, next) => {
  const token = c.req.header('authorization')?.slice('Bearer '.length) ?? '';
  await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'], requiredClaims: ['sub', 'exp'] });
  await next();
});

const ONE = 'select * from appointment where id = $1';
const LIST = 'select * from appointment where client_id = $1 order by starts_at, id limit 50';
for (const prefix of ['/open', '/private']) {
  app.get(`${prefix}/appointments/:id`, async (c) => {
    const { rows } = await pool.query<object>(ONE, [c.req.param('id')]);
    return rows[0] === undefined ? c.json({ error: 'not found' }, 404) : c.json(rows[0]);
  });
  app.get(`${prefix}/clients/:id/appointments`, async (c) => {
    const { rows } = await pool.query<object>(LIST, [c.req.param('id')]);
    return c.json(rows);
  });
}

app.post('/private/lives/:id/book', async (c) => {
  const { remindAt, opensAt, endsAt, upserts } = await c.req.json<Record<string, number>>();
  const booking = { remindAt: remindAt!, opensAt: opensAt!, endsAt: endsAt! };
  await calls.book(c.req.param('id'), randomUUID(), booking, { upserts: upserts! });
  return c.json({ id: c.req.param('id'), status: 'booked' }, 201);
});
app.post('/private/lives/:id/pay', async (c) => {
  await calls.signal(c.req.param('id'), 'paymentSettled');
  return c.json({ status: 'told' });
});
/** Answers when the transition is written, as the API waits for the decision. */
app.post('/private/lives/:id/activate', async (c) => {
  await calls.signal(c.req.param('id'), 'activate');
  const text = `select 1 from bare_transition where workflow_id = $1 and kind = 'activated'`;
  while ((await pool.query(text, [c.req.param('id')])).rowCount === 0) await sleep(5);
  return c.json({ status: 'activated' });
});
/** Answers when Temporal has the signal. */
app.post('/private/lives/:id/join', async (c) => {
  await calls.join(c.req.param('id'), 'client');
  return c.json({ status: 'told' });
});
app.post('/private/lives/:id/end', async (c) => {
  await calls.end(c.req.param('id'), randomUUID());
  return c.json({ status: 'ended' });
});

const server = createAdaptorServer({ fetch: app.fetch }) as Server;
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', () => process.exit(0));
