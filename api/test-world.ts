import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { pino } from 'pino';
import { openDatabase, type Db } from '../db/database.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders } from '../providers/index.js';
import { oidcCredentials } from '../sandbox/credentials.js';
import { startSandbox, type Sandbox } from '../sandbox/server.js';
import { createTestDatabase } from '../tests/setup/database.js';
import { makeParties } from '../tests/support/appointments.js';
import { providerEnvironment } from '../dev/provider-environment.js';
import type { TestPerson } from '../tests/support/people.js';
import { signIn } from '../tests/support/sign-in.js';
import { createApp } from './app.js';
import { Background } from './background.js';
import type { ApiConfig } from './config.js';
import { DOOR_DEFAULTS } from './door.js';
import { LiveFeed, type LiveOptions } from './live/feed.js';
import { createTemporalClient } from './temporal-client.js';
import { conformanceOf } from './test-conformance.js';

/** For tests only: the API over HTTP with a real database and sandbox, and a Temporal that nobody can reach. */

export interface Sent {
  method?: string;
  body?: unknown;
  /** Sent as it is instead of `body`. */
  raw?: string;
  headers?: Record<string, string>;
  key?: string;
  /** The test has broken something below: an answer that the document doesn't promise is what it is after. */
  broken?: true;
}

/** An answer with its body parsed. */
export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export interface ApiWorld {
  url: string;
  db: Db;
  databaseUrl: string;
  live: LiveFeed;
  sandbox: Sandbox;
  app: ReturnType<typeof createApp>;
  /** Resolves when what goes on behind the answers is over. */
  settled(): Promise<void>;
  /** Sends as this person, or as nobody. */
  send(person: TestPerson | null, path: string, sent?: Sent): Promise<Answer>;
  post(person: TestPerson, path: string, body?: unknown, key?: string): Promise<Answer>;
  tokenOf(subject: string): Promise<string>;
  parties: Awaited<ReturnType<typeof makeParties>>;
  close(): Promise<void>;
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '');
    });
  });
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
  };
}

/** Brings it up, with parties who have money. `temporalAddress` is a port where nothing listens unless given. */
export async function createApiWorld({
  temporalAddress = '127.0.0.1:1',
  corsOrigins = [] as string[],
  door = DOOR_DEFAULTS,
  databaseConnections = 20,
  live: liveOptions = {} as LiveOptions,
  settings = {} as Partial<ApiConfig>,
} = {}): Promise<ApiWorld> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, { maxConnections: databaseConnections, rings: true });
  const sandbox = await startSandbox();
  const issuer = `${sandbox.url}/oidc`;
  let app: ReturnType<typeof createApp>;
  const server = createAdaptorServer({ fetch: (request, env) => app.fetch(request, env) }) as Server;
  const url = await listen(server);
  const log = pino({ level: 'silent' });
  const background = new Background(log);
  const temporal = createTemporalClient({ TEMPORAL_ADDRESS: temporalAddress });
  const providers = createProviders(readProviderConfig(providerEnvironment(sandbox)));
  const config = {
    host: '127.0.0.1',
    port: 0,
    publicUrl: url,
    site: { brand: 'Punctual', webUrl: 'https://app.example.test' },
    oidcIssuer: issuer,
    oidcAudience: oidcCredentials.audience,
    corsOrigins,
    taskQueue: 'nobody-polls',
    logLevel: 'silent',
    door,
    ...settings,
  };
  const live = new LiveFeed({ db, databaseUrl: database.url, log, options: liveOptions });
  app = createApp({ config, db, temporal, providers, log, live, background });
  sandbox.setDestinations({ stripe: `${url}/webhooks/stripe`, razorpay: `${url}/webhooks/razorpay` });
  const conformance = conformanceOf(app);
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (subject: string): Promise<string> => {
    const token = tokens.get(subject) ?? signIn(issuer, subject);
    tokens.set(subject, token);
    return token;
  };
  const send = async (
    person: TestPerson | null,
    path: string,
    { method = 'GET', body, raw, headers, key, broken }: Sent = {},
  ): Promise<Answer> => {
    const all = {
      ...(person === null ? {} : { authorization: `Bearer ${await tokenOf(person.subject)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    };
    const answer = await toAnswer(
      await fetch(`${url}${path}`, {
        method,
        headers: all,
        body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      }),
    );
    if (broken !== true) await conformance.assert(method, path, answer);
    return answer;
  };
  return {
    url,
    db,
    databaseUrl: database.url,
    live,
    sandbox,
    app,
    settled: () => background.settled(),
    send,
    post: (person, path, body, key) =>
      send(person, path, { method: 'POST', body, ...(key === undefined ? {} : { key }) }),
    tokenOf,
    parties: await makeParties(db),
    async close() {
      await live.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      await background.settled();
      await temporal.connection.close();
      await sandbox.close();
      await db.destroy();
      await database.drop();
    },
  };
}
