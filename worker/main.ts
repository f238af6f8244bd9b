import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { Backlog } from '../activities/backlog.js';
import { workerIdentity } from '../activities/dead-workers.js';
import { createActivities } from '../activities/index.js';
import { readDatabaseConfig, readFieldKeys } from '../db/config.js';
import { openDatabase } from '../db/database.js';
import { RelaySession } from '../db/relay-session.js';
import { readProviderConfig } from '../providers/config.js';
import { createProviders } from '../providers/index.js';
import { ThreadedMail } from '../providers/threaded-mail.js';
import { readCodecKeys } from '../secrets/config.js';
import { codecOptions } from '../secrets/payload-codec.js';
import { writeWorkflowBundle } from './bundle.js';
import { readWorkerConfig, type WorkerConfig } from './config.js';
import { giveWay } from './niceness.js';
import { startRelays } from './relays.js';
import { installRuntime } from './runtime.js';
import { ensureReconcileSchedule } from './schedules.js';
import { ensureSearchAttributes } from './search-attributes.js';
import { createWorkers } from './workers.js';

/** A bundle that was made before is of workflows whose failures are in clear and say no place: else another one is made. */
async function bundlePath({ workflowBundle, stackTraces }: WorkerConfig, sealed: boolean): Promise<string> {
  if (workflowBundle !== null && !sealed && !stackTraces) return workflowBundle;
  const file = join(await mkdtemp(join(tmpdir(), 'punctual-')), 'workflow-bundle.js');
  await writeWorkflowBundle(file, { sealed, stackTraces });
  return file;
}

const config = readWorkerConfig();
// First of all, since threads inherit it: where API and worker share a machine, who waits for an answer goes first.
giveWay(config.niceness);
const log = pino({ level: config.logLevel, base: { service: 'worker' } });
installRuntime(log);
const { databaseUrl } = readDatabaseConfig();
const keys = readFieldKeys();
const db = openDatabase(databaseUrl, {
  maxConnections: config.databaseConnections,
  rings: true,
  fieldKeys: () => keys,
});
const providerConfig = readProviderConfig();
const { rooms, sms, webhooks, stripe, razorpay, payoutRails } = createProviders(providerConfig);
const mail = new ThreadedMail(providerConfig.mail);
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
const codec = codecOptions(readCodecKeys());
const temporal = new Client({ ...codec, connection: await Connection.connect(connectionOptions), namespace });
await ensureSearchAttributes(temporal);
await ensureReconcileSchedule(temporal, config.taskQueue);

const session = await RelaySession.open(databaseUrl);
const backlog = new Backlog();
const workers: Worker[] = await createWorkers({
  connection,
  identity: workerIdentity(process.pid, session.id),
  namespace,
  taskQueue: config.taskQueue,
  ...codec,
  workflowBundle: { codePath: await bundlePath(config, codec.dataConverter !== undefined) },
  activities: createActivities({
    db,
    gateways: { stripe, razorpay },
    rooms,
    payoutRails,
    publicUrl: config.publicUrl,
    backlog,
    log,
  }),
});
const relays = startRelays({
  db,
  session,
  backlog,
  temporal,
  taskQueue: config.taskQueue,
  providers: { rooms, sms, mail, webhooks },
  publicUrl: config.publicUrl,
  mailDomain: config.mailDomain,
  site: config.site,
  log,
});

function stop(): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

log.info({ taskQueue: config.taskQueue }, 'the worker is ready');
try {
  await Promise.all(workers.map((worker) => worker.run()));
} finally {
  await relays.stop();
  mail.close();
  await temporal.connection.close();
  await connection.close();
  await db.destroy();
}
