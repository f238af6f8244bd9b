import { Connection } from '@temporalio/client';
import { temporalNamespace } from '../dev/temporal-server.js';

/** TASK_QUEUE_TYPE_WORKFLOW in temporal/api/enums/v1/task_queue.proto. */
const WORKFLOW_TASKS = 1;

/** Whether the process `pid` polls `taskQueue` for workflow tasks, as the server sees it. */
export async function workerPolls(address: string, taskQueue: string, pid: number): Promise<boolean> {
  const connection = Connection.lazy({ address });
  const request = { namespace: temporalNamespace, taskQueue: { name: taskQueue }, taskQueueType: WORKFLOW_TASKS };
  try {
    const { pollers } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeTaskQueue(request),
    );
    // A worker's identity begins with pid@host.
    return (pollers ?? []).some(({ identity }) => identity?.startsWith(`${pid}@`));
  } finally {
    await connection.close();
  }
}
