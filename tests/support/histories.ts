import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';

const { History } = proto.temporal.api.history.v1;
export type History = ReturnType<typeof History.fromObject>;

/** A history as `fetchHistory` gives it, or as it was read from JSON. */
export function toHistory(plain: object): History {
  return History.fromObject(plain as Record<string, unknown>);
}

/** Plain JSON, read back by `toHistory`; what names the machine that recorded it is left out. */
export function historyToJson(history: History): string {
  const plain = History.toObject(history, { longs: String, enums: String, bytes: String });
  const leftOut = ['identity', 'stackTrace', 'binaryChecksum'];
  return JSON.stringify(plain, (key, value: unknown) => {
    if (leftOut.includes(key)) return undefined;
    return typeof value === 'string' && /^\d+@/.test(value) ? 'a-worker' : value;
  });
}

/** The types of the activities that a workflow asked others for, in their order; local ones are none of them. */
export function activitiesOf({ events }: History): string[] {
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: asked }) => asked?.activityType?.name ?? []);
}

/** Everything that a history's payloads hold, as text. */
export function payloadsOf(json: string): string {
  const data = [...json.matchAll(/"data":"([^"]+)"/g)].map(([, base64]) => Buffer.from(base64!, 'base64').toString());
  return data.join('\n');
}

/** A recorded history's file: its shape, and at which version of the service it was recorded. */
export interface HistoryName {
  shape: string;
  label: string;
}

/** Null for a file that is none. */
export function parseHistoryName(file: string): HistoryName | null {
  const [, shape, label] = /^([a-z0-9-]+)\.(\d+\.\d+)\.json$/.exec(file) ?? [];
  return shape === undefined || label === undefined ? null : { shape, label };
}

/** What to do about workflow code that no longer replays a recorded history. */
export function whatToDo({ shape, label }: HistoryName): string {
  return (
    `Open workflows of the shape ${shape}, as recorded at ${label}, would break: guard the change with ` +
    `patched('<name>') from @temporalio/workflow, keep the old branch, and record a new history beside the old one ` +
    `with RECORD_HISTORIES=<label> npm test -- tests/histories (never record an old one anew).`
  );
}

/** Replays one history by a bundle of workflows. @returns the error that it meets, or null */
export async function replayError(codePath: string, history: History): Promise<Error | null> {
  const options = { workflowBundle: { codePath }, replayName: randomUUID() };
  for await (const { error } of Worker.runReplayHistories(options, [{ workflowId: randomUUID(), history }])) {
    return error ?? null;
  }
  throw new Error('nothing was replayed');
}

/** @throws Error that says in one sentence what to do, when the bundle's workflows can't replay the history */
export async function mustReplay(codePath: string, name: HistoryName, history: History): Promise<void> {
  const cause = await replayError(codePath, history);
  if (cause !== null) throw new Error(whatToDo(name), { cause });
}
