import { Connection, WorkflowClient } from '@temporalio/client';
import { temporalNamespace } from '../dev/temporal-server.js';
import { appointmentWorkflowId } from '../workflows/messages.js';
import { waitFor } from './wait.js';

/** What one life cost Temporal. */
export interface WorkflowCost {
  events: number;
  workflowTasks: number;
}

/** The budget of a full life. */
export const EVENT_BUDGET = 72;
export const TASK_BUDGET = 12;

/** `EVENT_TYPE_WORKFLOW_TASK_COMPLETED` of Temporal's API. */
const TASK_COMPLETED = 7;
const CALL_TIMEOUT_MS = 5_000;
const CLOSES_WITHIN_MS = 15_000;

/** Reads histories of finished appointments; read only. */
export class WorkflowCosts {
  private constructor(
    private readonly connection: Connection,
    private readonly client: WorkflowClient,
  ) {}

  /** @throws Error when nobody answers at `address` (`host:port`). */
  static async connect(address: string): Promise<WorkflowCosts> {
    const connection = await Connection.connect({ address, connectTimeout: CALL_TIMEOUT_MS });
    return new WorkflowCosts(connection, new WorkflowClient({ connection, namespace: temporalNamespace }));
  }

  /** Waits until the appointment's workflow has ended, then counts. @throws Error when it doesn't end */
  async of(appointmentId: string): Promise<WorkflowCost> {
    const handle = this.client.getHandle(appointmentWorkflowId(appointmentId));
    const within = <T>(call: () => Promise<T>) => this.connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, call);
    await waitFor(
      'the end of the workflow',
      CLOSES_WITHIN_MS,
      async () => (await within(() => handle.describe())).status.name === 'COMPLETED',
    );
    const { events } = await within(() => handle.fetchHistory());
    const all = events ?? [];
    return { events: all.length, workflowTasks: all.filter(({ eventType }) => eventType === TASK_COMPLETED).length };
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
