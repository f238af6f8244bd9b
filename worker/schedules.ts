import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';

/** The sweep that finds what webhooks failed to tell. */
export const RECONCILE_SCHEDULE = 'reconcile-payments';
const EVERY_MS = 15 * 60_000;
/** After an outage one sweep makes up for all that were missed: each looks three days back. */
const CATCH_UP_MS = 60_000;

/** Makes sure that the sweep is scheduled; a schedule that is there (paused, or with another interval) is left alone. */
export async function ensureReconcileSchedule(
  client: Client,
  taskQueue: string,
  scheduleId = RECONCILE_SCHEDULE,
): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: EVERY_MS }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
      action: {
        type: 'startWorkflow',
        workflowType: 'reconcile',
        workflowId: scheduleId,
        taskQueue,
        staticSummary: 'Asks the providers what webhooks failed to tell',
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
