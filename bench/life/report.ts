import type { CpuTimes } from '../cpu.js';
import { atLeast, atMost, type BenchResult, type ResultTable } from '../result.js';
import type { BenchStack } from '../stack.js';
import { median } from '../stats.js';
import type { StepName } from './driver.js';
import type { LifeOptions } from './options.js';
import type { Round } from './round.js';

const CPU_ROWS: [keyof CpuTimes, string][] = [
  ['worker', 'worker'],
  ['temporal', 'Temporal server'],
  ['postgres', 'PostgreSQL'],
  ['sandbox', "sandbox (stands for the vendors' side)"],
  ['driver', 'driver (stands for the API and for people)'],
];
const STEPS: StepName[] = ['book', 'pay', 'activate', 'join', 'look', 'end'];

class Sides {
  readonly names: string[];

  constructor(private readonly rounds: readonly Round[]) {
    this.names = [...new Set(rounds.map(({ side }) => side))];
  }

  median(side: string, of: (round: Round) => number): number {
    return median(this.rounds.filter((round) => round.side === side).map(of));
  }

  /** One row: the median of each side, and the ratio of each other side to bare. */
  row(name: string, of: (round: Round) => number): (string | number)[] {
    const values = this.names.map((side) => this.median(side, of));
    return [name, ...values, this.ratio(of)];
  }

  ratio(of: (round: Round) => number): number {
    return this.median('ours', of) / this.median('bare', of);
  }
}

const totalCpu = ({ cpuMs }: Round): number => Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);

function mainTable(sides: Sides, title: string): ResultTable {
  const rows = [
    sides.row('lives a second', ({ livesPerSecond }) => livesPerSecond),
    sides.row('events a life', ({ events }) => events.events),
    sides.row('workflow tasks a life', ({ events }) => events.workflowTasks),
    ...CPU_ROWS.map(([key, name]) => sides.row(`CPU ms a life, ${name}`, ({ cpuMs }) => cpuMs[key])),
    sides.row('CPU ms a life, all', totalCpu),
    sides.row('worker memory, MB', ({ rssMb }) => rssMb),
  ];
  return { title, columns: ['', ...sides.names, 'ours / bare'], rows };
}

function stepsTable(sides: Sides, title: string): ResultTable {
  const rows = STEPS.flatMap((step) => [
    sides.row(`${step} p50`, ({ steps }) => steps[step].p50),
    sides.row(`${step} p99`, ({ steps }) => steps[step].p99),
  ]);
  return { title, columns: ['', ...sides.names, 'ours / bare'], rows };
}

function eventsTable(rounds: readonly Round[], sides: Sides): ResultTable {
  const types = [...new Set(rounds.flatMap(({ events }) => Object.keys(events.byType)))].sort();
  const rows = types.map((type) => [
    type,
    ...sides.names.map((side) => sides.median(side, ({ events }) => events.byType[type] ?? 0)),
  ]);
  return { title: 'Events a life by type, few lives at a time', columns: ['', ...sides.names], rows };
}

function runsTable(rounds: readonly Round[]): ResultTable {
  const rows = rounds.map(({ side, livesPerSecond, cpuMs, events, seconds, repeats, refused }, index) => [
    String(index + 1),
    side,
    livesPerSecond,
    cpuMs.worker,
    cpuMs.temporal,
    cpuMs.postgres,
    events.events,
    events.workflowTasks,
    seconds,
    repeats,
    refused.length,
  ]);
  const cpu = ['worker ms', 'Temporal ms', 'PostgreSQL ms'];
  const columns = ['run', 'side', 'lives/s', ...cpu, 'events', 'tasks', 'seconds', 'repeats', 'too late'];
  return { title: 'Each run', columns, rows };
}

/** What the rounds say, against what the project promises. */
export function lifeResult(calm: Round[], rounds: Round[], options: LifeOptions, stack: BenchStack): BenchResult {
  const sides = new Sides(rounds);
  const calmSides = new Sides(calm);
  const cpuRatio = sides.ratio(({ cpuMs }) => cpuMs.worker);
  const rateRatio = sides.ratio(({ livesPerSecond }) => livesPerSecond);
  const events = calmSides.median('ours', (round) => round.events.events);
  const workflowTasks = calmSides.median('ours', (round) => round.events.workflowTasks);
  return {
    tables: [
      eventsTable(calm, calmSides),
      stepsTable(calmSides, 'How long the driver waited, ms, few lives at a time'),
      runsTable(rounds),
      stepsTable(sides, `How long the driver waited, ms, ${options.concurrency} lives at a time`),
      mainTable(sides, `${options.concurrency} lives at a time, medians of the runs`),
    ],
    runs: [{ calm }, ...rounds],
    medians: {
      livesPerSecond: sides.median('ours', (round) => round.livesPerSecond),
      livesPerSecondBare: sides.median('bare', (round) => round.livesPerSecond),
      workerCpuMs: sides.median('ours', ({ cpuMs }) => cpuMs.worker),
      workerCpuMsBare: sides.median('bare', ({ cpuMs }) => cpuMs.worker),
      events,
      workflowTasks,
      eventsBare: calmSides.median('bare', (round) => round.events.events),
      workflowTasksBare: calmSides.median('bare', (round) => round.events.workflowTasks),
    },
    targets: [
      atMost('events a life', events, 64),
      atMost('workflow tasks a life', workflowTasks, 10),
      atMost('worker CPU a life, ours / bare', cpuRatio, 1.5),
      atLeast('lives a second, ours / bare', rateRatio, 0.85),
    ],
    notes: [
      `${options.lives} lives a run, ${options.concurrency} at a time, ${options.mode}, a policy minute of ${options.minuteMs} ms`,
      'bare: the same messages, query, upserts and timers, one INSERT a transition, no rules, no money',
      'our worker also sends the notifications and makes the rooms; --without-relays adds a side that does not',
    ],
    settings: { ...options, stack: stack.settings },
  };
}
