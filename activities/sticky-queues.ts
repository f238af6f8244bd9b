import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import {
  forgetStickyQueue,
  noteStickyQueue,
  readLatestChanged,
  readStickyQueues,
  type StickyQueue,
} from '../db/sticky-queues.js';
import { appointmentWorkflowId } from '../workflows/messages.js';
import { callTemporal, callUnlessGone } from './temporal-call.js';

export interface StickyQueuesDependencies {
  db: Db;
  temporal: Client;
  /** Of this worker's process. */
  relayId: number;
  log: Logger;
}

// From temporal/api/enums/v1: the SDK's client exports none of them.
const EVENT_WORKFLOW_TASK_SCHEDULED = 5;
const KIND_STICKY = 2;
const CAUSE_RESET_STICKY = 13;

/** How many changed appointments are looked at for a name, and how far back in their histories. */
const LOOKED_AT = 5;
const EVENTS_LOOKED_AT = 20;
/** One's own name is written down again this often: it is forgotten where others took this worker for dead. */
const NOTE_EVERY_MS = 10_000;
/** Temporal answers an empty poll a second before its deadline, and takes none of less than two. */
const POLL_MS = 2_500;
const POLLS_AT_ONCE = 4;

/** The SDK calls its sticky queue by the worker's identity (see `workerIdentity`) and 32 digits of its own. */
function relayOfQueue(name: string): number | null {
  const id = /#(\d+)-[0-9a-f]{32}$/.exec(name)?.[1];
  return id === undefined ? null : Number(id);
}

/**
 * Temporal hands the next task of a workflow to the worker that has it in memory, by a queue of that worker's own, and
 * leaves it there for ten seconds before others get it. (With less than that a busy worker's tasks are taken from it,
 * too, and their workflows replayed.) So what a dead worker's queue holds is taken by the others and given back, and the
 * queue is ended. Its name is learned from histories, since the SDK tells nobody, and written down.
 */
export class StickyQueues {
  private own: StickyQueue | null = null;
  private notedAt = -Infinity;
  private place = 0;
  private readonly known = new Set<string>();
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(private readonly deps: StickyQueuesDependencies) {}

  /** Looks for this worker's queue until it is known, and writes down those that it finds. */
  async learn(): Promise<void> {
    const { db } = this.deps;
    if (this.own !== null) {
      if (performance.now() - this.notedAt < NOTE_EVERY_MS) return;
      this.notedAt = performance.now();
      return noteStickyQueue(db, this.own);
    }
    const { place, appointmentIds } = await readLatestChanged(db, this.place, LOOKED_AT);
    for (const id of appointmentIds) await this.learnFrom(id);
    this.place = place;
  }

  /** Writes down the queue of this appointment's latest task. */
  async learnFrom(appointmentId: string): Promise<void> {
    const queue = await this.lastOf(appointmentId);
    if (queue === null || this.known.has(queue.name)) return;
    await noteStickyQueue(this.deps.db, queue);
    this.known.add(queue.name);
    if (queue.relayId === this.deps.relayId) this.own = queue;
  }

  /** Begins to empty the queues of workers that don't live; a failed one is begun again by the next call. */
  async emptyThoseOfDead(living: ReadonlySet<number>): Promise<void> {
    const { db, relayId } = this.deps;
    for (const queue of await readStickyQueues(db)) {
      // This process lives, also while its lock is lost for a moment.
      const isOfDead = queue.relayId !== relayId && !living.has(queue.relayId);
      if (!isOfDead || this.underWay.has(queue.name)) continue;
      const emptied = this.empty(queue)
        .catch((error: unknown) =>
          this.deps.log.warn({ queue: queue.name, error: String(error) }, 'a dead worker’s queue was not emptied'),
        )
        .finally(() => this.underWay.delete(queue.name));
      this.underWay.set(queue.name, emptied);
    }
  }

  /** Resolves when no queue is being emptied. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private async lastOf(appointmentId: string): Promise<StickyQueue | null> {
    const { temporal } = this.deps;
    const page = await callUnlessGone(temporal, () =>
      temporal.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: temporal.options.namespace,
        execution: { workflowId: appointmentWorkflowId(appointmentId) },
        maximumPageSize: EVENTS_LOOKED_AT,
      }),
    );
    const scheduled = page?.history?.events?.find(({ eventType }) => eventType === EVENT_WORKFLOW_TASK_SCHEDULED);
    const { name, kind, normalName } = scheduled?.workflowTaskScheduledEventAttributes?.taskQueue ?? {};
    if (kind !== KIND_STICKY || !name || !normalName) return null;
    const relayId = relayOfQueue(name);
    return relayId === null ? null : { name, relayId, taskQueue: normalName };
  }

  private async empty({ name, taskQueue, relayId }: StickyQueue): Promise<void> {
    const { db, temporal, log } = this.deps;
    const { namespace } = temporal.options;
    let given = 0;
    const lane = async (): Promise<void> => {
      while (await this.giveBackOne(name, taskQueue)) given += 1;
    };
    await Promise.all(Array.from({ length: POLLS_AT_ONCE }, lane));
    await callTemporal(temporal, () =>
      temporal.workflowService.shutdownWorker({ namespace, stickyTaskQueue: name, reason: 'its process died' }),
    );
    await forgetStickyQueue(db, name);
    if (given > 0) log.warn({ worker: relayId, tasks: given }, 'a dead worker’s queue was emptied');
  }

  /** @returns false where nothing came for a while */
  private async giveBackOne(name: string, normalName: string): Promise<boolean> {
    const { temporal, relayId } = this.deps;
    const { namespace } = temporal.options;
    const identity = `for ${name} by #${relayId}`; // by its end it is known whose hand a task is in (DeadWorkers)
    const { taskToken, startedEventId } = await temporal.withDeadline(Date.now() + POLL_MS, () =>
      temporal.workflowService.pollWorkflowTaskQueue({
        namespace,
        taskQueue: { name, kind: KIND_STICKY, normalName },
        identity,
      }),
    );
    if (taskToken.length === 0) return false;
    if (Number(startedEventId) === 0) return true; // a query, which its caller asks again
    await callUnlessGone(temporal, () =>
      temporal.workflowService.respondWorkflowTaskFailed({
        namespace,
        taskToken,
        cause: CAUSE_RESET_STICKY,
        identity,
        failure: { message: 'the worker that had the workflow in memory died' },
      }),
    );
    return true;
  }
}
