import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { AppointmentCalls } from '../../api/appointment-calls.js';
import { type Db, openDatabase } from '../../db/database.js';
import { temporalNamespace } from '../../dev/temporal-server.js';
import { BARE_QUEUE, BareCalls, createBareTable } from '../bare/calls.js';
import { threadCpuMs } from '../process.js';
import { readProfiles } from '../profile.js';
import type { BenchOptions, BenchResult } from '../result.js';
import { type BenchProcess, type BenchStack, startBenchStack } from '../stack.js';
import { readStatements, resetStatements, statementSettings } from '../statements.js';
import { BareSide } from './bare.js';
import { type LifeOptions, readLifeOptions } from './options.js';
import { OurSide } from './ours.js';
import { insertPairs, type LifePeople, lifePolicy, type Pair } from './people.js';
import { profileResult } from './profile-report.js';
import { lifeResult } from './report.js';
import { type Course, playRound, type Round } from './round.js';
import type { Life, Side } from './side.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

/** Lives that warm a worker up: a worker runs for days, and V8 has compiled by then what it runs. */
const WARM_LIVES = 80;
/** Lives few at a time: what a life costs where nothing waits is counted here. */
const CALM_LIVES = 60;
const CALM_CONCURRENCY = 16;
const QUIET_QUEUE = 'appointments-without-relays';

/** A side with the worker that serves it. */
interface Entrant {
  side: Side;
  worker: BenchProcess;
}

/** Measures whole lives against the bare workflow. @throws Error when a run could not be measured */
export async function run({ args, log }: BenchOptions): Promise<BenchResult> {
  const options = readLifeOptions(args);
  const stack = await startBenchStack({
    shards: options.shards,
    log,
    postgres: options.profile ? statementSettings : {},
  });
  const db = openDatabase(stack.databaseUrl, { fieldKeys: throwawayFieldKeys });
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 20 });
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const temporal = new Client({ connection, namespace: temporalNamespace });
  try {
    const died = stack.died.then((message) => Promise.reject(new Error(message)));
    const bench = new LifeBench(options, stack, temporal, db, pool, log);
    const found = options.profile ? bench.profile() : bench.measure();
    return await Promise.race([found, died]);
  } finally {
    await connection.close();
    await Promise.all([db.destroy(), pool.end()]);
    await stack.stop();
  }
}

function newLife(pair: Pair): Life {
  const requests = { book: randomUUID(), pay: randomUUID(), activate: randomUUID(), end: randomUUID() };
  return { ...pair, id: randomUUID(), requests };
}

const cpuOf = ({ cpuMs }: Round): string =>
  `CPU ms a life: ${Object.entries(cpuMs)
    .map(([who, ms]) => `${who} ${ms.toFixed(0)}`)
    .join(', ')}`;

class LifeBench {
  private used = 0;
  private people: LifePeople = { pairs: [], admin: '' };

  constructor(
    private readonly options: LifeOptions,
    private readonly stack: BenchStack,
    private readonly temporal: Client,
    private readonly db: Db,
    private readonly pool: pg.Pool,
    private readonly log: (line: string) => void,
  ) {}

  async measure(): Promise<BenchResult> {
    const { options, stack, log } = this;
    const sides = options.withoutRelays ? 3 : 2;
    const course = await this.prepare(sides * (options.lives * options.runs + WARM_LIVES + CALM_LIVES));
    await createBareTable(this.pool);
    const ours = await this.ours('ours', 'appointments');
    const bareSide = new BareSide(this.pool, new BareCalls(this.temporal));
    const entrants = [ours, { side: bareSide, worker: await this.bareWorker() }];
    if (options.withoutRelays) entrants.push(await this.ours('ours without relays', QUIET_QUEUE));
    const calm: Round[] = [];
    for (const { side, worker } of entrants) {
      await playRound(course, side, worker, this.newLives(WARM_LIVES), CALM_CONCURRENCY);
      const round = await playRound(course, side, worker, this.newLives(CALM_LIVES), CALM_CONCURRENCY);
      if (side.name === 'ours') bareSide.upserts = Math.round(round.events.upserts);
      log(`${side.name}, calm: ${cpuOf(round)}`);
      calm.push(round);
    }
    return lifeResult(calm, await this.alternate(course, entrants), options, stack);
  }

  /** Our worker alone under V8's profiler. What it uses is not comparable: being profiled costs too. */
  async profile(): Promise<BenchResult> {
    const { options, stack } = this;
    const course = await this.prepare(options.lives + WARM_LIVES);
    const folder = join(stack.folder, 'profile');
    const nodeArgs = ['--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-interval', '500'];
    const { side, worker } = await this.ours('ours', 'appointments', nodeArgs);
    await playRound(course, side, worker, this.newLives(WARM_LIVES), CALM_CONCURRENCY);
    const sinceUs = Number(process.hrtime.bigint() / 1000n);
    const threadsBefore = threadCpuMs(worker.pid);
    await resetStatements(stack.adminDatabaseUrl);
    const round = await playRound(course, side, worker, this.newLives(options.lives), options.concurrency);
    const statements = await readStatements(stack.adminDatabaseUrl, 40);
    const threads = [...threadCpuMs(worker.pid)].map(
      ([name, ms]) => [name, (ms - (threadsBefore.get(name) ?? 0)) / options.lives] as const,
    );
    await worker.stop();
    const functions = await readProfiles(folder, stack.env['WORKFLOW_BUNDLE']!, sinceUs);
    return profileResult(round, { functions, threads, statements }, options);
  }

  private async prepare(pairs: number): Promise<Course> {
    const { stack, temporal, db, log } = this;
    const policy = lifePolicy(this.options.minuteMs);
    log(`people and wallets: ${pairs} pairs`);
    this.people = await insertPairs(db, pairs, policy);
    return { stack, temporal, policy };
  }

  /** Ours, bare, bare, ours, ...: whatever drifts on the machine meets both. */
  private async alternate(course: Course, entrants: Entrant[]): Promise<Round[]> {
    const rounds: Round[] = [];
    for (let index = 0; index < this.options.runs; index += 1) {
      for (const { side, worker } of index % 2 === 0 ? entrants : entrants.toReversed()) {
        const round = await playRound(
          course,
          side,
          worker,
          this.newLives(this.options.lives),
          this.options.concurrency,
        );
        rounds.push(round);
        this.log(`${side.name}: ${round.livesPerSecond.toFixed(1)} lives/s, ${cpuOf(round)}`);
      }
    }
    return rounds;
  }

  private newLives(count: number): Life[] {
    const from = this.used;
    this.used += count;
    return this.people.pairs.slice(from, this.used).map(newLife);
  }

  private async ours(name: string, taskQueue: string, nodeArgs: string[] = []): Promise<Entrant> {
    const calls = new AppointmentCalls(this.temporal, taskQueue);
    const program = taskQueue === QUIET_QUEUE ? { program: 'bench/life/quiet-worker-process.ts' } : {};
    return {
      side: new OurSide(name, this.db, calls, this.people.admin, this.options.mode),
      worker: await this.stack.startWorker({ taskQueue, nodeArgs, ...program }),
    };
  }

  private bareWorker(): Promise<BenchProcess> {
    return this.stack.startWorker({ taskQueue: BARE_QUEUE, program: 'bench/bare/worker-process.ts' });
  }
}
