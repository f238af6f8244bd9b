import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Policy } from '../../domain/policy.js';
import { type CpuTimes, cpuBetween, readCpu } from '../cpu.js';
import type { BenchProcess, BenchStack } from '../stack.js';
import { percentile, ratePerSecond } from '../stats.js';
import { playLives, type StepName } from './driver.js';
import { countEvents, type EventCounts } from './histories.js';
import type { Life, Side } from './side.js';

/** What one run of one side gave. */
export interface Round {
  side: string;
  lives: number;
  /** By the ends of the lives between the first and the last fifth. */
  livesPerSecond: number;
  seconds: number;
  /** CPU a life until nothing was left to do, ms. */
  cpuMs: CpuTimes;
  rssMb: number;
  /** How long the driver waited for each step, ms. */
  steps: Record<StepName, { p50: number; p99: number }>;
  events: EventCounts;
  /** Calls repeated because no answer came in time: on a quiet machine none. */
  repeats: number;
  /** Lives that were broken off because a step came too late. */
  refused: string[];
}

/** What rounds are run with. */
export interface Course {
  stack: BenchStack;
  temporal: Client;
  policy: Policy;
}

/** How many histories of a round are counted. */
const SAMPLE = 20;

const QUIET_POLL_MS = 200;
const QUIET_LIMIT_MS = 60_000;

/** Waits until every workflow of the side has ended and no row waits for a relay. */
async function untilQuiet({ temporal }: Course, side: Side): Promise<void> {
  const query = `WorkflowType = '${side.workflowType}' and ExecutionStatus = 'Running'`;
  for (const until = Date.now() + QUIET_LIMIT_MS; Date.now() < until; await sleep(QUIET_POLL_MS)) {
    const [{ count }, waiting] = await Promise.all([temporal.workflow.count(query), side.waiting()]);
    if (count === 0 && waiting === 0) return;
  }
  throw new Error(`${side.name}: not everything has ended ${QUIET_LIMIT_MS / 1000} s after the last life`);
}

function stepFigures(tookMs: Record<StepName, number[]>): Round['steps'] {
  const entries = Object.entries(tookMs).map(([step, values]) => [
    step,
    { p50: percentile(values, 0.5), p99: percentile(values, 0.99) },
  ]);
  return Object.fromEntries(entries) as Round['steps'];
}

/** Plays the lives on one side and waits until all is quiet. */
export async function playRound(
  course: Course,
  side: Side,
  worker: BenchProcess,
  lives: readonly Life[],
  concurrency: number,
): Promise<Round> {
  const { stack, temporal, policy } = course;
  const before = readCpu(stack, worker);
  const played = await playLives(side, lives, policy, concurrency);
  const seconds = (Date.now() - played.startedAt) / 1000;
  await untilQuiet(course, side);
  const cpuMs = cpuBetween(before, readCpu(stack, worker), played.endedAt.length);
  const sampled = lives.slice(-SAMPLE).map((life) => side.workflowId(life));
  return {
    side: side.name,
    lives: played.endedAt.length,
    livesPerSecond: ratePerSecond(played.endedAt, 0.2, 0.8),
    seconds,
    cpuMs,
    rssMb: worker.rssMb(),
    steps: stepFigures(played.tookMs),
    events: await countEvents(temporal, sampled),
    repeats: played.repeats,
    refused: played.refused,
  };
}
