import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import { readLateAppointments } from '../db/late-appointments.js';
import { readLivingRelays } from '../db/relay-session.js';
import { appointmentWorkflowId } from '../workflows/messages.js';
import { StickyQueues } from './sticky-queues.js';
import { callTemporal } from './temporal-call.js';

/** How a worker calls itself to Temporal: the SDK's `pid@host`, and its relay's id, by which others can tell that it died. */
export const workerIdentity = (pid: number, relayId: number): string => `${pid}@${hostname()}#${relayId}`;

function relayOf(identity: string | null | undefined): number | null {
  const id = /#(\d+)$/.exec(identity ?? '')?.[1];
  return id === undefined ? null : Number(id);
}

export interface DeadWorkersDependencies {
  db: Db;
  temporal: Client;
  /** Of this worker's process. */
  relayId: number;
  log: Logger;
}

/** Temporal's time-out of a workflow task: after it, it takes the tasks of a dead worker away by itself. */
const TASK_TIMEOUT_MS = 10_000;
/** Less late than this is nothing that a dead worker is needed for. */
const LATE_MS = 200;
const BATCH = 50;

// From temporal/api/enums/v1: the SDK's client exports neither.
const EVENT_WORKFLOW_TASK_STARTED = 6;
const PENDING_WORKFLOW_TASK_SCHEDULED = 1;
const PENDING_WORKFLOW_TASK_STARTED = 2;

/**
 * Takes workflow tasks out of the hands of workers that died, and out of their queues. Temporal gives a task ten seconds,
 * since a living worker on a busy machine needs some; an appointment whose task a killed worker had would be that late.
 * Whose relay's lock is gone is dead, so late appointments whose last event is that such a worker took their task are reset to it:
 * the task is given out again at once, with all that came before it. Looked for so long after a death, and after this
 * worker's own start (it may follow one that died), as Temporal would leave such a task where it is.
 */
export class DeadWorkers {
  private living: ReadonlySet<number> = new Set();
  /** By the process' clock, which need not be right. */
  private lookUntil = performance.now() + TASK_TIMEOUT_MS;
  /** Late appointments that were looked at since the last death: their tasks are in nobody's dead hand. */
  private readonly lookedAt = new Set<string>();

  private readonly queues: StickyQueues;

  constructor(private readonly deps: DeadWorkersDependencies) {
    this.queues = new StickyQueues(deps);
  }

  /** Lets what was begun end. */
  stop(): Promise<void> {
    return this.queues.settled();
  }

  /** Looks who has died since the last look. @returns how many tasks were taken away */
  async takeTasks(): Promise<number> {
    const { db } = this.deps;
    await this.queues.learn();
    const living = await readLivingRelays(db);
    if (living === null) return 0;
    const now = performance.now();
    if ([...this.living].some((id) => !living.has(id))) {
      this.lookUntil = now + TASK_TIMEOUT_MS;
      this.lookedAt.clear();
    }
    this.living = living;
    if (now > this.lookUntil) return 0;
    await this.queues.emptyThoseOfDead(living);
    const late = await readLateAppointments(db, LATE_MS, BATCH, [...this.lookedAt]);
    const taken = await Promise.all(late.map((id) => this.lookAt(id)));
    return taken.filter(Boolean).length;
  }

  private async lookAt(appointmentId: string): Promise<boolean> {
    try {
      const taken = await this.takeTask(appointmentId);
      this.lookedAt.add(appointmentId);
      return taken;
    } catch (error) {
      this.deps.log.warn(
        { appointmentId, error: String(error) },
        'it could not be seen who has an appointment’s task; it is looked at again',
      );
      return false;
    }
  }

  /** Asked after the task was seen in its hand, so that one who has only just come to life counts as living. */
  private async isDead(worker: number | null): Promise<boolean> {
    if (worker === null) return false;
    const living = await readLivingRelays(this.deps.db);
    if (living === null) throw new Error('PostgreSQL has just started, and nobody can tell who lives');
    return !living.has(worker);
  }

  private async takeTask(appointmentId: string): Promise<boolean> {
    const { temporal, log } = this.deps;
    const handle = temporal.workflow.getHandle(appointmentWorkflowId(appointmentId));
    return callTemporal(temporal, async () => {
      const { workflowId, runId, raw } = await handle.describe();
      if (raw.pendingWorkflowTask?.state === PENDING_WORKFLOW_TASK_SCHEDULED)
        await this.queues.learnFrom(appointmentId);
      if (raw.pendingWorkflowTask?.state !== PENDING_WORKFLOW_TASK_STARTED) return false;
      const { namespace } = temporal.options;
      const execution = { workflowId, runId };
      const { history } = await temporal.workflowService.getWorkflowExecutionHistoryReverse({
        namespace,
        execution,
        maximumPageSize: 1,
      });
      // A page is what was written at once. A task that was given out with the answer to the one before is in one with it,
      // and can't be reset to: it times out.
      const [last, ...withIt] = history?.events ?? [];
      if (withIt.length > 0) return false;
      const worker = relayOf(last?.workflowTaskStartedEventAttributes?.identity);
      if (last?.eventType !== EVENT_WORKFLOW_TASK_STARTED || !(await this.isDead(worker))) return false;
      await temporal.workflowService.resetWorkflowExecution({
        namespace,
        workflowExecution: execution,
        workflowTaskFinishEventId: last.eventId,
        reason: `worker ${last.workflowTaskStartedEventAttributes?.identity} died with this task in hand`,
        // The same from every worker that notices: the first resets, the others are answered with its new run.
        requestId: `${runId}/${String(last.eventId)}`,
      });
      log.warn({ appointmentId, worker }, 'a dead worker’s task was given out again');
      return true;
    });
  }
}
