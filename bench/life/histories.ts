import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

/** How many events of each type some histories hold, on average. */
export interface EventCounts {
  events: number;
  workflowTasks: number;
  upserts: number;
  byType: Record<string, number>;
}

function shortName(type: number): string {
  return (EventType[type] ?? String(type)).replace('EVENT_TYPE_', '').toLowerCase();
}

/** Counts the events of these workflows' histories. */
export async function countEvents(client: Client, workflowIds: readonly string[]): Promise<EventCounts> {
  const counts = new Map<string, number>();
  for (const workflowId of workflowIds) {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    for (const { eventType } of events ?? []) {
      const name = shortName(Number(eventType));
      counts.set(name, (counts.get(name) ?? 0) + 1 / workflowIds.length);
    }
  }
  const of = (name: string): number => counts.get(name) ?? 0;
  return {
    events: [...counts.values()].reduce((sum, count) => sum + count, 0),
    workflowTasks: of('workflow_task_completed'),
    upserts: of('upsert_workflow_search_attributes'),
    byType: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
