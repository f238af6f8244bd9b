import { openDatabase } from '../../db/database.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';
import { readArguments } from '../options.js';
import { atMost, type BenchOptions, type BenchResult } from '../result.js';
import { startBenchStack } from '../stack.js';
import { percentile } from '../stats.js';
import { allOfOne, byTheClock, type Delays, eachTheirOwn, makeCrowd } from './listeners.js';

const BOUND_MS = 250;
const CLOCK_LEAD_MS = 20_000;

/** So many open screens on one API process: how soon each sees what was committed, and what the clock did. */
export async function run({ args, log }: BenchOptions): Promise<BenchResult> {
  const given = readArguments(args, ['listeners', 'changes', 'for-all']);
  const listeners = given.whole('listeners', 1_000, 10);
  const changes = Math.min(listeners, given.whole('changes', 500));
  const forAll = given.whole('for-all', 20);
  const stack = await startBenchStack({ log });
  const db = openDatabase(stack.databaseUrl, { rings: true, fieldKeys: throwawayFieldKeys });
  try {
    const died = stack.died.then((message) => Promise.reject(new Error(message)));
    const api = await stack.startApi();
    const measure = async () => {
      const crowd = await makeCrowd(db, stack.env['OIDC_ISSUER']!, listeners);
      log(`${listeners} clients with an approved session each`);
      const found: [string, Delays][] = [];
      const cpuMs = api.cpuMs();
      found.push(['a change of one’s own', await eachTheirOwn(db, api.url, crowd, changes)]);
      log('each their own: done');
      found.push(['a change that all hear', await allOfOne(db, api.url, crowd, forAll)]);
      log('all of one: done');
      found.push(['T-5 of all, by the clock', await byTheClock(db, api.url, crowd, CLOCK_LEAD_MS)]);
      return resultOf(listeners, found, { cpuMs: api.cpuMs() - cpuMs, rssMb: api.rssMb() });
    };
    return await Promise.race([measure(), died]);
  } finally {
    await db.destroy();
    await stack.stop();
  }
}

function resultOf(
  listeners: number,
  found: readonly [string, Delays][],
  process: { cpuMs: number; rssMb: number },
): BenchResult {
  const runs = found.map(([what, { delaysMs, missed }]) => {
    const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => percentile(delaysMs, share));
    return { what, told: delaysMs.length, missed, p50Ms: p50Ms!, p99Ms: p99Ms!, maxMs: maxMs! };
  });
  return {
    tables: [
      {
        title: `${listeners} listeners on one API process, milliseconds from commit (or due) to the open screen`,
        columns: ['what', 'told', 'missed', 'p50', 'p99', 'max'],
        rows: runs.map(({ what, told, missed, p50Ms, p99Ms, maxMs }) => [what, told, missed, p50Ms, p99Ms, maxMs]),
      },
    ],
    runs,
    medians: Object.fromEntries(runs.map(({ what, p99Ms }) => [`${what}: p99`, p99Ms])),
    targets: runs.flatMap(({ what, missed, p99Ms }) => [
      atMost(`${what}: p99 ms`, p99Ms, BOUND_MS),
      atMost(`${what}: missed`, missed, 0),
    ]),
    notes: [`The API used ${Math.round(process.cpuMs)} ms of CPU over all of it and ${Math.round(process.rssMb)} MB.`],
  };
}
