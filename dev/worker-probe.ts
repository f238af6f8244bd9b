import { Connection } from '@temporalio/client';

/** The task queue of the development stack's worker. */
export const taskQueue = 'appointments';

/** TASK_QUEUE_TYPE_WORKFLOW in temporal/api/enums/v1/task_queue.proto. */
const workflowTasks = 1;

/**
 * Whether the worker process `pid` polls for workflow tasks, as the Temporal server sees it: the worker has no port
 * of its own (and polls the development stack's queue unless told). By its pid, because the server remembers the pollers of a killed worker for minutes.
 */
export async function isPolling(address: string, namespace: string, pid: number, queue = taskQueue): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    const request = {
      namespace,
      taskQueue: { name: queue },
      taskQueueType: workflowTasks,
    };
    const { pollers } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeTaskQueue(request),
    );
    // A worker's identity begins with pid@host.
    return (pollers ?? []).some(({ identity }) => identity?.startsWith(`${pid}@`));
  } finally {
    await connection.close();
  }
}
