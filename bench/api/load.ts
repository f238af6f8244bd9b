import { HttpConnection, toBytes, type Hit, type Shot } from './connection.js';

export interface Run {
  /** One a request, ms, in the order of the requests. */
  latencies: number[];
  /** The answers' bodies, in the same order. */
  bodies: string[];
  perSecond: number;
}

/** How often and how wide to ask. */
export interface Load {
  url: string;
  connections: number;
  shots: readonly Shot[];
  /** The status that counts as an answer. */
  expect: number;
}

function check({ status, body }: Hit, { method, path }: Shot, expect: number): void {
  if (status !== expect) throw new Error(`${method} ${path} answered ${status}: ${body.slice(0, 300)}`);
}

/**
 * A closed loop: each connection sends its next request when it has its answer. The requests' bytes are made before the
 * clock runs. @throws Error at the first answer that is not the expected one
 */
export async function drive({ url, connections, shots, expect }: Load): Promise<Run> {
  const { host } = new URL(url);
  const bytes = shots.map((shot) => toBytes(shot, host));
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(url)));
  const latencies = shots.map(() => Number.NaN);
  const bodies = shots.map(() => '');
  let next = 0;
  const startedAt = performance.now();
  const lanes = open.map(async (connection) => {
    for (let n = next++; n < shots.length; n = next++) {
      const hit = await connection.send(bytes[n]!);
      check(hit, shots[n]!, expect);
      latencies[n] = hit.ms;
      bodies[n] = hit.body;
    }
  });
  try {
    await Promise.all(lanes);
  } finally {
    for (const connection of open) connection.close();
  }
  return { latencies, bodies, perSecond: shots.length / ((performance.now() - startedAt) / 1000) };
}
