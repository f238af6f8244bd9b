import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { inject } from 'vitest';
import { createApp } from '../../api/app.js';
import { Background } from '../../api/background.js';
import { LiveFeed } from '../../api/live/feed.js';
import { createTemporalClient } from '../../api/temporal-client.js';
import { openDatabase, type Db } from '../../db/database.js';
import { providerEnvironment } from '../../dev/provider-environment.js';
import { readProviderConfig } from '../../providers/config.js';
import { createProviders } from '../../providers/index.js';
import { oidcCredentials } from '../../sandbox/credentials.js';
import { startSandbox, type Sandbox } from '../../sandbox/server.js';
import { createTestDatabase } from '../setup/database.js';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';
import type { TestPerson } from './people.js';
import { signIn } from './sign-in.js';
import { startWorkerChild, type WorkerChild } from './worker-child.js';

export interface TimedAnswer {
  status: number;
  body: Record<string, unknown>;
  retryAfter: string | null;
  /** How long it took, ms. */
  ms: number;
}

/** The product with its servers at the end of ways that can be cut: the API in this process, workers in their own. */
export interface OutageWorld {
  /** The database by a way of its own, for the test. */
  db: Db;
  sandbox: Sandbox;
  /** The API's client. */
  temporal: Client;
  taskQueue: string;
  /** Between the product and PostgreSQL. */
  toPostgres: FaultProxy;
  /** Sends as this person; a POST gets a fresh Idempotency-Key unless one is given. @throws after `limitMs` without an answer */
  send(person: TestPerson, method: 'GET' | 'POST', path: string, body?: object, key?: string): Promise<TimedAnswer>;
  startWorker(options?: Parameters<typeof startWorkerChild>[1]): Promise<WorkerChild>;
  close(): Promise<void>;
}

/** No answer of the API may take longer, whatever is away. */
export const LONGEST_ANSWER_MS = 20_000;

export interface OutageOptions {
  /** The run's server unless given. */
  temporalAddress?: string;
  /** A migrated database; one on the run's server, dropped at the end, unless given. */
  databaseUrl?: string;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function databaseOf({ databaseUrl }: OutageOptions): Promise<{ url: string; drop(): Promise<void> }> {
  return databaseUrl === undefined ? createTestDatabase() : { url: databaseUrl, drop: () => Promise.resolve() };
}

/** The same database by way of the proxy. */
function throughProxy(databaseUrl: string, { port }: FaultProxy): string {
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}

/** Brings up everything but the workers, which are the test's to start. */
export async function createOutageWorld(options: OutageOptions = {}): Promise<OutageWorld> {
  const { temporalAddress = inject('temporalAddress') } = options;
  const database = await databaseOf(options);
  const { hostname, port } = new URL(database.url);
  const toPostgres = await startFaultProxy({ host: hostname, port: Number(port) });
  const databaseUrl = throughProxy(database.url, toPostgres);
  const db = openDatabase(database.url);
  const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
  const taskQueue = `test-${randomUUID()}`;
  const workers: WorkerChild[] = [];
  const temporal = createTemporalClient({ TEMPORAL_ADDRESS: temporalAddress });
  const api = await startApi({ databaseUrl, sandbox, taskQueue, temporal });
  const { publicUrl } = api;
  const workflowBundle = inject('workflowBundle');
  return {
    db,
    sandbox,
    temporal,
    taskQueue,
    toPostgres,
    send: api.send,
    async startWorker(how) {
      const worker = await startWorkerChild(
        { sandbox, databaseUrl, temporalAddress, taskQueue, publicUrl, workflowBundle },
        how,
      );
      workers.push(worker);
      return worker;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await api.close();
      await temporal.connection.close();
      await toPostgres.close();
      await sandbox.close();
      await db.destroy();
      await database.drop();
    },
  };
}

interface ApiSite {
  databaseUrl: string;
  sandbox: Sandbox;
  taskQueue: string;
  temporal: Client;
}

async function startApi({ databaseUrl, sandbox, taskQueue, temporal }: ApiSite) {
  let handle: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 });
  const server = createAdaptorServer({ fetch: (request) => handle(request) }) as Server;
  const publicUrl = await listen(server);
  const oidcIssuer = `${sandbox.url}/oidc`;
  const config = {
    host: '127.0.0.1',
    port: 0,
    publicUrl,
    site: { brand: 'Punctual', webUrl: 'https://app.example.test' },
    oidcIssuer,
    oidcAudience: oidcCredentials.audience,
    corsOrigins: [],
    taskQueue,
    logLevel: 'silent',
  };
  const db = openDatabase(databaseUrl);
  const log = pino({ level: 'silent' });
  const background = new Background(log);
  const providers = createProviders(readProviderConfig(providerEnvironment(sandbox)));
  const live = new LiveFeed({ db, databaseUrl, log });
  const app = createApp({ config, db, temporal, providers, log, live, background });
  handle = (request) => app.fetch(request);
  sandbox.setDestinations({ stripe: `${publicUrl}/webhooks/stripe`, razorpay: `${publicUrl}/webhooks/razorpay` });
  return {
    publicUrl,
    send: sender(publicUrl, oidcIssuer),
    async close() {
      await live.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await background.settled();
      await db.destroy();
    },
  };
}

function sender(publicUrl: string, issuer: string): OutageWorld['send'] {
  const tokens = new Map<string, Promise<string>>();
  return async (person, method, path, body, key = randomUUID()) => {
    const token = tokens.get(person.subject) ?? signIn(issuer, person.subject);
    tokens.set(person.subject, token);
    const headers = {
      authorization: `Bearer ${await token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    };
    const askedAt = performance.now();
    const response = await fetch(publicUrl + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      retryAfter: response.headers.get('retry-after'),
      ms: performance.now() - askedAt,
    };
  };
}
