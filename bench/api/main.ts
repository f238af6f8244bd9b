import pg from 'pg';
import { type Db, openDatabase } from '../../db/database.js';
import { freePort } from '../../dev/free-port.js';
import { oidcCredentials } from '../../sandbox/credentials.js';
import { BARE_QUEUE, createBareTable } from '../bare/calls.js';
import { readArguments } from '../options.js';
import type { BenchOptions, BenchResult } from '../result.js';
import { type BenchStack, startBenchStack } from '../stack.js';
import { apiResult } from './report.js';
import { makeReaders, measureReads } from './reads.js';
import type { Measured, Side } from './side.js';
import { makeWriters, measureWrites } from './writes.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

const CONNECTIONS = [1, 10, 50] as const;
/** Lives of a run by the number of connections: enough for a median, and not all day. */
const LIVES: Record<(typeof CONNECTIONS)[number], number> = { 1: 30, 10: 100, 50: 200 };
const WARM_UP_LIVES = 60;

interface Options {
  rounds: number;
  requests: number;
  firstReads: number;
  parts: 'all' | 'reads' | 'writes';
}

function readOptions(args: string[]): Options {
  const given = readArguments(args, ['rounds', 'requests', 'first-reads', 'parts']);
  return {
    rounds: given.whole('rounds', 5),
    requests: given.whole('requests', 4_000, 100),
    firstReads: given.whole('first-reads', 300),
    parts: given.oneOf('parts', ['all', 'reads', 'writes'] as const, 'all'),
  };
}

async function startBare(stack: BenchStack, issuer: string): Promise<Side> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = await stack.startNode({
    name: 'bare-routes',
    program: 'bench/api/bare-process.ts',
    args: [String(port), stack.databaseUrl, issuer, oidcCredentials.audience],
    isReady: async () => (await fetch(`${url}/healthz`)).ok,
  });
  return { name: 'bare', url, process };
}

/** Measures the API against bare routes, and bare updates and signals. @throws Error when a run could not be measured */
export async function run({ args, log }: BenchOptions): Promise<BenchResult> {
  const options = readOptions(args);
  const stack = await startBenchStack({ log });
  const db = openDatabase(stack.databaseUrl, { fieldKeys: throwawayFieldKeys });
  try {
    const died = stack.died.then((message) => Promise.reject(new Error(message)));
    const issuer = stack.env['OIDC_ISSUER']!;
    const { url, ...process } = await stack.startApi();
    const ours: Side = { name: 'ours', url, process };
    const bare = await startBare(stack, issuer);
    const bench = new ApiBench(options, stack, db, issuer, ours, bare, log);
    return apiResult(await Promise.race([bench.measure(), died]), stack);
  } finally {
    await db.destroy();
    await stack.stop();
  }
}

class ApiBench {
  private day = 1;

  constructor(
    private readonly options: Options,
    private readonly stack: BenchStack,
    private readonly db: Db,
    private readonly issuer: string,
    private readonly ours: Side,
    private readonly bare: Side,
    private readonly log: (line: string) => void,
  ) {}

  /** The reads first, while no worker runs: they need none. */
  async measure(): Promise<Measured[]> {
    const { parts } = this.options;
    const reads = parts === 'writes' ? [] : await this.reads();
    const writes = parts === 'reads' ? [] : await this.writes();
    return [...reads, ...writes];
  }

  private async reads(): Promise<Measured[]> {
    const { stack, db, issuer, ours, bare, log } = this;
    const { rounds, requests, firstReads } = this.options;
    const readers = await makeReaders(db, issuer, rounds * firstReads);
    const sides = [ours, bare, { ...bare, name: 'open' as const }];
    return measureReads(stack, sides, readers, { rounds, requests, firstReads, connections: CONNECTIONS }, log);
  }

  private async writes(): Promise<Measured[]> {
    const { stack, db, issuer, ours, bare, log } = this;
    const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 });
    await createBareTable(pool);
    await pool.end();
    await stack.startWorker();
    await stack.startWorker({ taskQueue: BARE_QUEUE, program: 'bench/bare/worker-process.ts' });
    const writers = await makeWriters(db, issuer, Math.max(...Object.values(LIVES)));
    const play = async (side: Side, connections: number, lives: number) => {
      this.day += 1;
      return measureWrites({ stack, db, writers, side, connections, lives, startsInDays: this.day });
    };
    for (const side of [ours, bare]) await play(side, 10, WARM_UP_LIVES);
    const runs: Measured[] = [];
    for (let round = 0; round < this.options.rounds; round += 1) {
      for (const connections of CONNECTIONS)
        for (const side of round % 2 === 0 ? [ours, bare] : [bare, ours])
          runs.push(...(await play(side, connections, LIVES[connections])));
      log(`writes, round ${round + 1} of ${this.options.rounds}`);
    }
    return runs;
  }
}
