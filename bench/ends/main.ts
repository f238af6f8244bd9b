import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { sql } from 'kysely';
import pg from 'pg';
import { AppointmentCalls } from '../../api/appointment-calls.js';
import { type Db, openDatabase } from '../../db/database.js';
import { temporalNamespace } from '../../dev/temporal-server.js';
import { forEachAtOnce } from '../at-once.js';
import { BARE_QUEUE, BareCalls, createBareTable } from '../bare/calls.js';
import { cpuBetween, type CpuTimes, readCpu } from '../cpu.js';
import { DURATION_MINUTES, insertPairs, type LifePeople, lifePolicy } from '../life/people.js';
import { readArguments } from '../options.js';
import { readStatements, resetStatements, type Statement, statementSettings } from '../statements.js';
import type { BenchOptions, BenchResult } from '../result.js';
import { type BenchProcess, type BenchStack, startBenchStack } from '../stack.js';
import { type Drain, watchDrain } from './drain.js';
import { Readers, type Seen } from './readers.js';
import { endsResult } from './report.js';
import { makeSessions, resumeAll } from './sessions.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

/** How ends are measured. */
export interface EndsOptions {
  /** Sessions whose end falls on one second. */
  n: number;
  /** Runs of each side: ours, bare, bare, ours. */
  runs: number;
  /** What a session's preparation may take, s; its end is that far ahead. */
  setupS: number;
  shards: number;
  /** Counts PostgreSQL's statements, which costs it a few percent. */
  statements: boolean;
}

/** What one run of one side gave. */
export interface EndsRun {
  side: 'ours' | 'bare';
  drain: Drain;
  /** CPU an end, ms. */
  cpuMs: CpuTimes;
  /** What readers saw; null for the bare side, which has none. */
  seen: Seen | null;
  /** The product database's dearest statements, where they are counted. */
  statements: Statement[];
}

const MINUTE_MS = 200;
const DRAIN_LIMIT_MS = 180_000;
const AT_ONCE = 16;
const STATEMENTS_SHOWN = 40;
/** The preparation must be over this long before the end, so that nothing of it is measured. */
const CALM_MS = 3_000;

function readEndsOptions(args: string[]): EndsOptions {
  const given = readArguments(args, ['n', 'runs', 'setup-s', 'shards'], ['statements']);
  const n = given.whole('n', 1_000);
  const setupS = given.whole('setup-s', 40 + Math.ceil(n * 0.07), 20);
  const [runs, shards] = [given.whole('runs', 2), given.whole('shards', 4)];
  return { n, setupS, runs, shards, statements: given.flag('statements') };
}

/** Measures how long it takes until many ends of one second are settled. @throws Error when a run could not be measured */
export async function run({ args, log }: BenchOptions): Promise<BenchResult> {
  const options = readEndsOptions(args);
  const stack = await startBenchStack({
    shards: options.shards,
    log,
    postgres: options.statements ? statementSettings : {},
  });
  const db = openDatabase(stack.databaseUrl, { fieldKeys: throwawayFieldKeys });
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 20 });
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const temporal = new Client({ connection, namespace: temporalNamespace });
  try {
    await stack.startApi(); // who answers the callbacks of a thousand rooms that are closed
    const died = stack.died.then((message) => Promise.reject(new Error(message)));
    const runs = await Promise.race([new EndsBench(options, stack, temporal, db, pool, log).measure(), died]);
    return endsResult(runs, options, stack);
  } finally {
    await connection.close();
    await Promise.all([db.destroy(), pool.end()]);
    await stack.stop();
  }
}

class EndsBench {
  private used = 0;
  private people: LifePeople = { pairs: [], admin: '' };

  constructor(
    private readonly options: EndsOptions,
    private readonly stack: BenchStack,
    private readonly temporal: Client,
    private readonly db: Db,
    private readonly pool: pg.Pool,
    private readonly log: (line: string) => void,
  ) {}

  async measure(): Promise<EndsRun[]> {
    const { n, runs } = this.options;
    this.people = await insertPairs(this.db, n * runs, lifePolicy(MINUTE_MS));
    await createBareTable(this.pool);
    const found: EndsRun[] = [];
    for (let index = 0; index < runs; index += 1) {
      const both = [() => this.ours(), () => this.bare()];
      for (const side of index % 2 === 0 ? both : both.toReversed()) {
        const one = await side();
        found.push(one);
        this.log(`${one.side}: ${n} ends settled ${(one.drain.all / 1000).toFixed(1)} s after they were due`);
      }
    }
    return found;
  }

  private async ours(): Promise<EndsRun> {
    const { db, stack, temporal, people, options } = this;
    const endsAt = this.nextEnd();
    const pairs = people.pairs.slice(this.used, (this.used += options.n));
    const ids = await makeSessions(db, pairs, people.admin, endsAt - DURATION_MINUTES * MINUTE_MS);
    const worker = await stack.startWorker();
    await resumeAll(db, new AppointmentCalls(temporal, stack.env['TASK_QUEUE']!), ids);
    await this.untilCalm(worker, endsAt);
    const readers = new Readers(db, ids, people.admin, endsAt);
    const settled = () => this.countSettled(ids);
    return this.watch('ours', worker, endsAt, settled, readers);
  }

  private async bare(): Promise<EndsRun> {
    const { stack, pool, temporal, options } = this;
    const endsAt = this.nextEnd();
    const calls = new BareCalls(temporal);
    const worker = await stack.startWorker({ taskQueue: BARE_QUEUE, program: 'bench/bare/worker-process.ts' });
    const ids = Array.from({ length: options.n }, () => `bare-${randomUUID()}`);
    const due = Date.now();
    const booking = { remindAt: due, opensAt: due, endsAt };
    await forEachAtOnce(ids, AT_ONCE, (id) => calls.book(id, randomUUID(), booking, { upserts: 5 }));
    await this.untilCalm(worker, endsAt);
    const settled = async () => {
      const text = `select count(*)::int as count from bare_transition where kind = 'ended' and workflow_id = any($1)`;
      const { rows } = await pool.query<{ count: number }>(text, [ids]);
      return rows[0]!.count;
    };
    return this.watch('bare', worker, endsAt, settled, null);
  }

  private nextEnd(): number {
    return Math.ceil(Date.now() / 1000) * 1000 + this.options.setupS * 1000;
  }

  private async watch(
    side: EndsRun['side'],
    worker: BenchProcess,
    endsAt: number,
    settled: () => Promise<number>,
    readers: Readers | null,
  ): Promise<EndsRun> {
    const { stack, options } = this;
    await sleep(endsAt - Date.now() - 500);
    if (options.statements) await resetStatements(stack.databaseUrl);
    const before = readCpu(stack, worker);
    try {
      const drain = await watchDrain(endsAt, options.n, settled, DRAIN_LIMIT_MS);
      const cpuMs = cpuBetween(before, readCpu(stack, worker), options.n);
      const statements = options.statements ? await readStatements(stack.databaseUrl, STATEMENTS_SHOWN) : [];
      return { side, drain, cpuMs, seen: (await readers?.stop()) ?? null, statements };
    } finally {
      await readers?.stop();
      await worker.stop();
    }
  }

  /** The preparation is over: the worker rests, with a few seconds left. */
  private async untilCalm(worker: BenchProcess, endsAt: number): Promise<void> {
    for (let before = worker.cpuMs(); Date.now() < endsAt - CALM_MS; before = worker.cpuMs()) {
      await sleep(1_000);
      if (worker.cpuMs() - before < 150) return;
    }
    throw new Error(`the sessions were not ready in ${this.options.setupS} s: give --setup-s more`);
  }

  private async countSettled(ids: readonly string[]): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from appointment a join hold h on h.appointment_id = a.id
      where a.id = any(${[...ids]}::uuid[]) and a.status = 'completed' and h.status = 'settled'`.execute(this.db);
    return rows[0]!.count;
  }
}
