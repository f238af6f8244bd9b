import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { ProviderActivities, RecordActivities } from '../activities/types.js';
import { PROVIDERS_QUEUE_SUFFIX } from '../workflows/queues.js';

export interface WorkersOptions {
  connection: NativeConnection;
  /** How the workers call themselves to Temporal (see `workerIdentity`); `pid@host` when left out. */
  identity?: string;
  namespace: string;
  taskQueue: string;
  workflowBundle: { codePath: string };
  activities: { records: RecordActivities; providers: ProviderActivities };
  /** The codec of payloads, where it is on. */
  dataConverter?: WorkerOptions['dataConverter'];
}

/** Grace for running activities after SIGTERM, then the hard limit; a container's stop grace period is longer. */
const SHUTDOWN_GRACE_MS = 30_000;
const SHUTDOWN_FORCE_MS = 50_000;

/**
 * One worker for workflows with their local activities, one for vendors' calls, so that a slow vendor never takes a
 * commit's slot. What a killed worker had in hand or in its own queue is taken away by activities/dead-workers.ts.
 */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { connection, identity, namespace, taskQueue, workflowBundle, activities, dataConverter } = options;
  const shared: Omit<WorkerOptions, 'taskQueue'> = {
    ...(dataConverter && { dataConverter }),
    ...(identity !== undefined && { identity }),
    connection,
    namespace,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  };
  const appointments = await Worker.create({
    ...shared,
    taskQueue,
    workflowBundle,
    activities: { ...activities.records },
  });
  const providers = await Worker.create({
    ...shared,
    taskQueue: taskQueue + PROVIDERS_QUEUE_SUFFIX,
    activities: { ...activities.providers },
  });
  return [appointments, providers];
}
