import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { inject } from 'vitest';
import { workerIdentity } from '../../activities/dead-workers.js';
import { Backlog } from '../../activities/backlog.js';
import { createActivities } from '../../activities/index.js';
import { openDatabase, type Db } from '../../db/database.js';
import { RelaySession } from '../../db/relay-session.js';
import { readProviderConfig } from '../../providers/config.js';
import { createProviders, type Providers } from '../../providers/index.js';
import { startSandbox, type Sandbox } from '../../sandbox/server.js';
import { startRelays } from '../../worker/relays.js';
import { createWorkers } from '../../worker/workers.js';
import { createTestDatabase } from '../setup/database.js';
import { providerEnvironment } from '../../dev/provider-environment.js';

/** Real parts for one test file: its own database, sandbox and task queue on the run's servers. */
export interface World {
  db: Db;
  databaseUrl: string;
  sandbox: Sandbox;
  providers: Providers;
  temporal: Client;
  taskQueue: string;
  publicUrl: string;
  /** Starts workers and relays in this process. */
  startWorker(): Promise<void>;
  /** Stops them; what is under way ends first. */
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

/** Brings it up; `publicUrl` is where the API will be reached by webhooks, if the test starts one. */
export async function createWorld(publicUrl = 'http://127.0.0.1:9'): Promise<World> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
  const providers = createProviders(readProviderConfig(providerEnvironment(sandbox)));
  const address = inject('temporalAddress');
  const temporal = new Client({ connection: await Connection.connect({ address }) });
  const taskQueue = `test-${randomUUID()}`;
  const log = pino({ level: 'silent' });
  let running: { stop(): Promise<void> } | null = null;

  const world: World = {
    db,
    databaseUrl: database.url,
    sandbox,
    providers,
    temporal,
    taskQueue,
    publicUrl,
    async startWorker() {
      running ??= await startWorkers(world, address, log);
    },
    async stopWorker() {
      await running?.stop();
      running = null;
    },
    async close() {
      await world.stopWorker();
      await temporal.connection.close();
      await sandbox.close();
      await db.destroy();
      await database.drop();
    },
  };
  return world;
}

async function startWorkers(world: World, address: string, log: pino.Logger): Promise<{ stop(): Promise<void> }> {
  const { db, providers, temporal, taskQueue, publicUrl } = world;
  const { stripe, razorpay, rooms, payoutRails } = providers;
  const connection = await NativeConnection.connect({ address });
  const session = await RelaySession.open(world.databaseUrl);
  const backlog = new Backlog();
  const workers = await createWorkers({
    connection,
    identity: workerIdentity(process.pid, session.id),
    namespace: 'default',
    taskQueue,
    workflowBundle: { codePath: inject('workflowBundle') },
    activities: createActivities({ db, gateways: { stripe, razorpay }, rooms, payoutRails, publicUrl, backlog, log }),
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const relays = startRelays({
    db,
    session,
    backlog,
    temporal,
    taskQueue,
    providers,
    publicUrl,
    mailDomain: 'punctual.test',
    site: { brand: 'Punctual', webUrl: publicUrl },
    log,
  });
  return {
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
      await relays.stop();
      await connection.close();
    },
  };
}
