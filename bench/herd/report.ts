import { atLeast, atMost, type BenchResult, type ResultTable, type Target } from '../result.js';
import { median } from '../stats.js';
import type { HerdCpu } from './cpu.js';
import { type Lateness, latenessOf } from './lateness.js';
import type { HerdRun } from './main.js';
import type { HerdOptions, RivalName } from './options.js';

/** What a run is judged by, in milliseconds, counts and ratios. */
export interface Figures {
  claimed: Lateness;
  ready: Lateness;
  reminderDurable: Lateness;
  openingDurable: Lateness;
  joins: Lateness;
  joinsLetIn: number;
  early: number;
  stale: number;
  handOverRatio: number;
}

/** (b): the clock shows `confirmed` at T-5 to the millisecond (the reads check it), so the room decides. */
export function figuresOf(run: HerdRun): Figures {
  const { durable, reads, joins, handOver, bareLoop, sentEarly } = run;
  return {
    claimed: durable.claimed,
    ready: durable.roomsMissing === 0 ? durable.rooms : { ...durable.rooms, p99: Infinity, max: Infinity },
    reminderDurable: durable.reminderDurable,
    openingDurable: durable.openingDurable,
    joins: latenessOf(joins.tookMs),
    joinsLetIn: joins.sent === 0 ? 1 : joins.letIn / joins.sent,
    early: durable.claimedEarly + durable.openingDurable.early + reads.early + sentEarly,
    stale: reads.stale + reads.wrong,
    handOverRatio: handOver.perSecond / bareLoop.perSecond,
  };
}

const whole = (ms: number): number => Math.round(ms);
const row = (name: string, { p50, p99, max, count }: Lateness) => [name, whole(p50), whole(p99), whole(max), count];
const LATENESS = ['ms after due', 'p50', 'p99', 'max', 'of'];

function tableOf(run: HerdRun, title: string): ResultTable {
  const figures = figuresOf(run);
  const rivals = run.rivals.flatMap(({ rival, claimed, opened }) => [
    row(`(a') ${rival}: reminder claimed`, claimed),
    row(`(b') ${rival}: confirmed`, opened),
  ]);
  return {
    title,
    columns: LATENESS,
    rows: [
      row('(a) reminder claimed for sending', figures.claimed),
      row('(b) confirmed and room ready', figures.ready),
      row('(c) T-15 durable', figures.reminderDurable),
      row('(c) T-5 durable', figures.openingDurable),
      row('(d) join answered', figures.joins),
      ...rivals,
    ],
  };
}

function countsOf(run: HerdRun): ResultTable {
  const { early, stale, handOverRatio } = figuresOf(run);
  const { reads, joins, handOver, bareLoop, durable, drainedMs } = run;
  const rate = (perSecond: number) => `${perSecond.toFixed(0)}/s`;
  const ended = Object.entries(durable.reminders).map(([status, count]) => `${count} ${status}`);
  return {
    title: 'Counts and rates',
    columns: ['what', 'found'],
    rows: [
      ['claimed, sent or shown before due', early],
      ['reads that showed a stale status', `${stale} of ${reads.reads} (${reads.failed} failed)`],
      ['joins let in', `${joins.letIn} of ${joins.sent}, the last sent ${whole(joins.lastSentMs)} ms after T-5`],
      ['reminders (SMS and e-mail)', ended.join(', ')],
      ['reminders reach the provider', `${rate(handOver.perSecond)} over ${whole(handOver.tookMs)} ms`],
      ['bare loop of its SDK', `${rate(bareLoop.perSecond)} over ${whole(bareLoop.tookMs)} ms`],
      ['hand-over ratio', handOverRatio.toFixed(2)],
      ['T-15 worked off after', `${(drainedMs.reminders / 1_000).toFixed(1)} s`],
      ['T-5 worked off after', `${(drainedMs.openings / 1_000).toFixed(1)} s`],
      ['booked, paid and activated', rate(run.bookedPerSecond)],
    ],
  };
}

const CPU_COLUMNS = ['workers', 'apis', 'temporal', 'postgres', 'sandbox', 'driver'] as const;

function cpuOf({ cpu }: HerdRun, n: number): ResultTable {
  const each = (used: HerdCpu) => CPU_COLUMNS.map((name) => used[name] / n);
  return {
    title: 'CPU, ms an appointment',
    columns: ['wave', ...CPU_COLUMNS],
    rows: [
      ['T-15, with its wake-ups ahead', ...each(cpu.reminders)],
      ['T-5, with the joins', ...each(cpu.openings)],
    ],
  };
}

function mediansOf(runs: readonly HerdRun[]): Record<string, number> {
  const figures = runs.map(figuresOf);
  const of = (pick: (one: Figures) => number) => median(figures.map(pick));
  const medians: Record<string, number> = {
    claimedP50: of(({ claimed }) => claimed.p50),
    claimedP99: of(({ claimed }) => claimed.p99),
    claimedMax: of(({ claimed }) => claimed.max),
    readyP99: of(({ ready }) => ready.p99),
    readyMax: of(({ ready }) => ready.max),
    reminderDurableP99: of(({ reminderDurable }) => reminderDurable.p99),
    openingDurableP99: of(({ openingDurable }) => openingDurable.p99),
    joinP50: of(({ joins }) => joins.p50),
    joinP99: of(({ joins }) => joins.p99),
    joinsLetIn: of(({ joinsLetIn }) => joinsLetIn),
    handOverRatio: of(({ handOverRatio }) => handOverRatio),
    handOverPerSecond: median(runs.map(({ handOver }) => handOver.perSecond)),
    barePerSecond: median(runs.map(({ bareLoop }) => bareLoop.perSecond)),
  };
  for (const { rival } of runs[0]?.rivals ?? []) {
    const found = runs.flatMap(({ rivals }) => rivals.filter((one) => one.rival === rival));
    medians[`${rival} claimedP99`] = median(found.map(({ claimed }) => claimed.p99));
    medians[`${rival} openedP99`] = median(found.map(({ opened }) => opened.p99));
  }
  return medians;
}

/** Our lateness is never counted as less than this when it is compared: the columns have whole milliseconds. */
const LEAST_MS = 1;
const TIMES_BETTER: Partial<Record<RivalName, number>> = { 'pg-boss': 2, cron: 25 };
const LARGE = 10_000;

/** How many times earlier than this rival our slowest hundredth is. */
function timesBetter(medians: Record<string, number>, rival: RivalName): { claimed: number; ready: number } {
  const ratio = (theirs: string, own: string) => round(medians[theirs]! / Math.max(LEAST_MS, medians[own]!));
  return { claimed: ratio(`${rival} claimedP99`, 'claimedP99'), ready: ratio(`${rival} openedP99`, 'readyP99') };
}

/** What docs/performance.md promises of a herd of this size; the comparison is for the largest. */
function targetsOf(runs: readonly HerdRun[], medians: Record<string, number>, n: number): Target[] {
  const bound = n >= LARGE ? 2_000 : 1_000;
  const figures = runs.map(figuresOf);
  const always = [
    atMost('(a) claimed, p99 ms', whole(medians['claimedP99']!), bound),
    atMost('(b) confirmed and room ready, p99 ms', whole(medians['readyP99']!), bound),
    atMost('early', Math.max(...figures.map(({ early }) => early)), 0),
    atMost('stale reads', Math.max(...figures.map(({ stale }) => stale)), 0),
  ];
  if (n < LARGE) {
    const joins = atMost('(d) join answered, p99 ms', whole(medians['joinP99']!), bound);
    const letIn = atLeast('(d) share of joins let in', round(medians['joinsLetIn']!), 1);
    return [...always, joins, letIn, atLeast('hand-over ratio', round(medians['handOverRatio']!), 0.8)];
  }
  const compared = (runs[0]?.rivals ?? []).flatMap(({ rival }) => {
    const times = TIMES_BETTER[rival];
    if (times === undefined) return [];
    const { claimed, ready } = timesBetter(medians, rival);
    return [
      atLeast(`(a) p99, times better than ${rival}`, claimed, times),
      atLeast(`(b) p99, times better than ${rival}`, ready, times),
    ];
  });
  return [...always, ...compared];
}

function comparisonOf(runs: readonly HerdRun[], medians: Record<string, number>): ResultTable {
  const rivals = runs[0]?.rivals.map(({ rival }) => rival) ?? [];
  return {
    title: 'p99, times better than the rivals',
    columns: ['rival', '(a) claimed', '(b) confirmed and room ready'],
    rows: rivals.map((rival) => {
      const { claimed, ready } = timesBetter(medians, rival);
      return [rival, claimed, ready];
    }),
  };
}

const round = (ratio: number): number => Math.round(ratio * 100) / 100;

function notesOf(runs: readonly HerdRun[], { cronPhaseS, rivals }: HerdOptions): string[] {
  const examples = runs.flatMap(({ reads }) => reads.examples);
  const refusals = runs.flatMap(({ joins }) =>
    Object.entries(joins.refusals).map(([why, count]) => `${count} x ${why}`),
  );
  return [
    ...(rivals.includes('cron')
      ? [`The minute cron ticked ${cronPhaseS} s after the due second; a phase at random has 30 s on average.`]
      : []),
    ...(rivals.length > 0
      ? ['The rivals write their notification rows as claimed and make no rooms: less work than ours.']
      : []),
    ...(refusals.length > 0 ? [`Joins not let in: ${refusals.join(', ')}.`] : []),
    ...examples,
  ];
}

/** The tables, medians and targets of all runs. */
export function resultOf(
  runs: readonly HerdRun[],
  options: HerdOptions,
  settings: BenchResult['settings'],
): BenchResult {
  const medians = mediansOf(runs);
  const tables = runs.flatMap((run, index) => {
    const which = runs.length > 1 ? `, run ${index + 1} of ${runs.length}` : '';
    return [tableOf(run, `Herd of ${options.n}${which}`), countsOf(run), cpuOf(run, options.n)];
  });
  if (options.rivals.length > 0) tables.push(comparisonOf(runs, medians));
  // What each read took is summed up: a thousand numbers are no figure.
  const shown = runs.map((run) => ({
    ...run,
    figures: figuresOf(run),
    reads: { ...run.reads, tookMs: latenessOf(run.reads.tookMs) },
    joins: { ...run.joins, tookMs: latenessOf(run.joins.tookMs) },
  }));
  return {
    tables,
    runs: shown,
    medians,
    targets: targetsOf(runs, medians, options.n),
    notes: notesOf(runs, options),
    settings,
  };
}
