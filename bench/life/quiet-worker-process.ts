import { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { Backlog } from '../../activities/backlog.js';
import { createActivities } from '../../activities/index.js';
import { readDatabaseConfig } from '../../db/config.js';
import { openDatabase } from '../../db/database.js';
import { readProviderConfig } from '../../providers/config.js';
import { createProviders } from '../../providers/index.js';
import { readWorkerConfig } from '../../worker/config.js';
import { installRuntime } from '../../worker/runtime.js';
import { createWorkers } from '../../worker/workers.js';

// The product's workers without the relays, to tell what these cost: nothing is sent and no room is made.

const config = readWorkerConfig();
const log = pino({ level: 'warn' });
installRuntime(log);
const db = openDatabase(readDatabaseConfig().databaseUrl);
const { rooms, stripe, razorpay, payoutRails } = createProviders(readProviderConfig());
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] });
const { taskQueue, publicUrl, workflowBundle } = config;
if (workflowBundle === null) throw new Error('WORKFLOW_BUNDLE is missing.');
const workers = await createWorkers({
  connection,
  namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
  taskQueue,
  workflowBundle: { codePath: workflowBundle },
  activities: createActivities({
    db,
    gateways: { stripe, razorpay },
    rooms,
    payoutRails,
    publicUrl,
    backlog: new Backlog(),
    log,
  }),
});

function stop(): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

try {
  await Promise.all(workers.map((worker) => worker.run()));
} finally {
  await connection.close();
  await db.destroy();
}
