import proto from '@temporalio/proto';

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
