import { NativeConnection } from '@temporalio/worker';
import pg from 'pg';
import { pino } from 'pino';
import { installRuntime } from '../../worker/runtime.js';
import { createWorkers } from '../../worker/workers.js';
import { bareBundlePath } from './bundle.js';
import type { BareActivities } from './input.js';

// The bare workflow's worker, built by the product's own function, so that every option is the same.

const { DATABASE_URL, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace = 'default', TASK_QUEUE } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
installRuntime(pino({ level: 'warn' }));
const connection = await NativeConnection.connect({ address });

const records: BareActivities = {
  async insertTransition({ id, kind }) {
    const text = 'insert into bare_transition (workflow_id, kind) values ($1, $2) on conflict do nothing';
    await pool.query({ name: 'insert-transition', text, values: [id, kind] });
  },
};
const workers = await createWorkers({
  connection,
  namespace,
  taskQueue: TASK_QUEUE ?? 'bare',
  workflowBundle: { codePath: bareBundlePath },
  activities: { records: { ...records } as never, providers: { nothing: () => Promise.resolve() } as never },
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
  await pool.end();
}
