import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { pino } from 'pino';
import { createApp } from '../../api/app.js';
import { Background } from '../../api/background.js';
import { parseLimits, unlimited } from '../../api/limits.js';
import { LiveFeed } from '../../api/live/feed.js';
import { conformanceOf } from '../../api/test-conformance.js';
import { oidcCredentials } from '../../sandbox/credentials.js';
import type { TestPerson } from './people.js';
import { signIn } from './sign-in.js';
import { createWorld, type World } from './world.js';

export interface HttpAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** A world whose API listens, so that vendors' webhooks reach it. */
export interface HttpWorld extends World {
  /** Sends as this person; a POST gets a fresh Idempotency-Key unless one is given. */
  send(person: TestPerson, method: 'GET' | 'POST', path: string, body?: object, key?: string): Promise<HttpAnswer>;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Brings up world and API; the worker is the test's to start. */
export async function createHttpWorld(): Promise<HttpWorld> {
  let handle: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 });
  const server = createAdaptorServer({ fetch: (request) => handle(request) }) as Server;
  const publicUrl = await listen(server);
  const world = await createWorld(publicUrl);
  const { db, temporal, providers, taskQueue, sandbox } = world;
  const oidcIssuer = `${sandbox.url}/oidc`;
  const { audience: oidcAudience } = oidcCredentials;
  const config = {
    host: '127.0.0.1',
    port: 0,
    publicUrl,
    site: { brand: 'Punctual', webUrl: 'https://app.example.test' },
    oidcIssuer,
    oidcAudience,
    corsOrigins: [],
    taskQueue,
    logLevel: 'silent',
    limits: parseLimits(unlimited)!, // one caller looks as often as many would
  };
  const log = pino({ level: 'silent' });
  const live = new LiveFeed({ db, databaseUrl: world.databaseUrl, log });
  const background = new Background(log);
  const app = createApp({ config, db, temporal, providers, log, live, background });
  handle = (request) => app.fetch(request);
  sandbox.setDestinations({ stripe: `${publicUrl}/webhooks/stripe`, razorpay: `${publicUrl}/webhooks/razorpay` });
  const conformance = conformanceOf(app);
  const tokens = new Map<string, string>();
  const closeWorld = world.close.bind(world);
  return Object.assign(world, {
    async send(person: TestPerson, method: 'GET' | 'POST', path: string, body?: object, key = randomUUID()) {
      const token = tokens.get(person.subject) ?? (await signIn(oidcIssuer, person.subject));
      tokens.set(person.subject, token);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key };
      const response = await fetch(publicUrl + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = { status: response.status, body: (await response.json()) as Record<string, unknown> };
      await conformance.assert(method, path, { ...answer, headers: response.headers });
      return answer;
    },
    async close() {
      await live.close();
      // First whoever still calls Temporal: its client repeats a call on a timer, and throws there once it is closed.
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeIdleConnections();
      });
      await background.settled();
      await closeWorld();
    },
  });
}
