import { Logger, makeWorkerUtils, run, type TaskList } from 'graphile-worker';
import { dueStatement, herdIds, onStop, openPool, readOrder, tellReady, type Due } from './rival-work.js';

/** graphile-worker 0.17, tuned: jobs are fetched into a local queue and completed in batches. */
const CONCURRENT = 24;
const POLL_MS = 100;
const LOCAL_QUEUE = 500;
const COMPLETE_DELAY_MS = 50;
const INSERTED_AT_ONCE = 1_000;

const order = readOrder();
const pool = openPool(order.databaseUrl, CONCURRENT + 6);
const silent = new Logger(() => () => undefined);
const preset = {
  worker: {
    connectionString: order.databaseUrl,
    concurrentJobs: CONCURRENT,
    maxPoolSize: CONCURRENT + 6,
    pollInterval: POLL_MS,
    preparedStatements: true,
    localQueue: { size: LOCAL_QUEUE },
    completeJobBatchDelay: COMPLETE_DELAY_MS,
    failJobBatchDelay: COMPLETE_DELAY_MS,
    logger: silent,
  },
};

async function insertJobs(ids: readonly string[]): Promise<void> {
  const utils = await makeWorkerUtils({ pgPool: pool, logger: silent });
  await utils.migrate();
  const dues: [Due, number][] = [
    ['t15', order.remindAt],
    ['t5', order.opensAt],
  ];
  for (const [identifier, dueAt] of dues) {
    for (let from = 0; from < ids.length; from += INSERTED_AT_ONCE) {
      const some = ids.slice(from, from + INSERTED_AT_ONCE);
      await utils.addJobs(some.map((id) => ({ identifier, payload: { id }, runAt: new Date(dueAt) })));
    }
  }
  await utils.release();
}

function taskOf(due: Due): TaskList[string] {
  const text = dueStatement(due);
  return async (payload) => {
    await pool.query({ name: due, text, values: [[(payload as { id: string }).id]] });
  };
}

await insertJobs(await herdIds(pool));
await pool.query('analyze');
const runner = await run({
  preset,
  pgPool: pool,
  noHandleSignals: true,
  taskList: { t15: taskOf('t15'), t5: taskOf('t5') },
});
onStop(async () => {
  await runner.stop();
  await pool.end();
});
await tellReady(order);
await runner.promise;
