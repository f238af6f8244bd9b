import { setTimeout as sleep } from 'node:timers/promises';
import { Outside } from '../../cli/outside.js';
import { type Db, openDatabase } from '../../db/database.js';
import { Caller, Desk } from './caller.js';
import { Mayhem } from './mayhem.js';
import { type Cast, insertCasts } from './people.js';
import { killsWanted, type LifePlan, livesOf } from './plan.js';
import { playLife } from './play.js';
import { leftToDo, openAppointments } from './progress.js';
import type { ChaosStack } from './stack.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

/** What a run is asked for. */
export interface RunOptions {
  seed: number;
  lives: number;
  /** Lives that begin in a second, at most. */
  perSecond: number;
  withoutKeys: boolean;
}

/** What happened, for the checker and the report. */
export interface RunRecord {
  options: RunOptions;
  plans: LifePlan[];
  casts: Cast[];
  desk: Desk;
  mayhem: Mayhem;
  /** Epoch ms. */
  quietAt: number;
  /** Appointments that were not over in PostgreSQL 60 s into the quiet. */
  stuckIds: string[];
  /** From the beginning of the quiet until the last life was over; null when one was not. */
  lastEndMs: number | null;
  /** From the beginning of the quiet until nothing was left to be sent or returned; null when something was. */
  drainedMs: number | null;
  /** Lives whose player failed: an error of the harness, or an answer that it could not read. */
  failures: string[];
}

const QUIET_LIMIT_MS = 60_000;
/** A notice whose relay was killed is taken up again after a minute, and a refund's repeats have pauses. */
const DRAIN_LIMIT_MS = 180_000;
const LOOK_MS = 500;
const TELL_EVERY_MS = 10_000;
/** The last lives are struck too: the kills go on so long after the last has begun, or until enough of them landed. */
const AFTER_LAST_MS = 20_000;
const LONGEST_AFTER_LAST_MS = 35_000;
/** So many lives at once at most; more wait for their turn. */
const MOST_AT_ONCE = 200;
/**
 * While so many requests wait for their last word no further life begins: a slower machine takes longer over a run, and is
 * not flooded (what a flood does is tests/overload's matter).
 */
const MOST_WAITING = 16;

/** Starts the lives by their plan, later where there is no room for more, and resolves when the last has begun. @returns what each is doing */
async function startLives(
  plans: readonly LifePlan[],
  play: (plan: LifePlan) => Promise<void>,
  desk: Desk,
): Promise<Promise<void>[]> {
  const { over } = desk;
  let beganAt = Date.now();
  const playing: Promise<void>[] = [];
  let atOnce = 0;
  for (const plan of plans) {
    await sleep(Math.max(0, beganAt + plan.startAfterMs - Date.now()));
    const dueAt = Date.now();
    while ((atOnce >= MOST_AT_ONCE || desk.waiting >= MOST_WAITING) && !over.aborted) await sleep(50);
    // The others are put off with it: what was held back does not come in one burst.
    beganAt += Date.now() - dueAt;
    if (over.aborted) break;
    atOnce += 1;
    playing.push(
      play(plan).finally(() => {
        atOnce -= 1;
      }),
    );
  }
  return playing;
}

/** Looks until `holds` says yes. @returns the milliseconds since `since`, null when `limitMs` have passed */
async function msUntil(since: number, limitMs: number, holds: () => Promise<boolean>): Promise<number | null> {
  for (;;) {
    if (await holds().catch(() => false)) return Date.now() - since;
    if (Date.now() >= since + limitMs) return null;
    await sleep(LOOK_MS);
  }
}

async function quietDown(
  db: Db,
  stack: ChaosStack,
  allPlayed: () => boolean,
): Promise<Pick<RunRecord, 'quietAt' | 'stuckIds' | 'lastEndMs' | 'drainedMs'>> {
  const quietAt = Date.now();
  await stack.allUp();
  const lastEndMs = await msUntil(quietAt, QUIET_LIMIT_MS, async () => (await openAppointments(db)).length === 0);
  const stuckIds = lastEndMs === null ? await openAppointments(db) : [];
  const drainedMs = await msUntil(
    quietAt,
    DRAIN_LIMIT_MS,
    async () => allPlayed() && (await leftToDo(db, stack.sandbox)) === 0,
  );
  return { quietAt, stuckIds, lastEndMs, drainedMs };
}

/** Plays the lives of a seed under its kills, then waits in quiet; the checker comes after it. */
export async function runChaos(
  stack: ChaosStack,
  options: RunOptions,
  say: (line: string) => void,
  brokenOff: AbortSignal,
): Promise<RunRecord> {
  const { seed, lives, perSecond, withoutKeys } = options;
  const plans = livesOf(seed, lives, perSecond);
  const { admin, casts } = await insertCasts(stack.databaseUrl, plans);
  const ending = new AbortController();
  brokenOff.addEventListener('abort', () => ending.abort(), { once: true });
  const desk = new Desk(stack.apis, stack.oidcIssuer, ending.signal, withoutKeys);
  const stage = { desk, outside: new Outside(stack.sandbox), admin: await Caller.signIn(desk, admin) };
  const failures: string[] = [];
  const [beganAt, counted] = [Date.now(), { begun: 0, played: 0 }];
  const play = async (plan: LifePlan) => {
    counted.begun += 1;
    await playLife(plan, casts[plan.index]!, stage).catch((error: unknown) => {
      failures.push(`life ${plan.index} (${plan.story}): ${String(error)}`);
    });
    counted.played += 1;
  };
  const mayhem = new Mayhem(stack, seed);
  const tell = () =>
    say(
      `${Math.round((Date.now() - beganAt) / 1_000)} s: ${counted.begun} lives begun, ${counted.played} played, ${desk.waiting} requests waiting, ${mayhem.blows.length} kills`,
    );
  const telling = setInterval(tell, TELL_EVERY_MS);
  const db = openDatabase(stack.databaseUrl, { maxConnections: 2, fieldKeys: throwawayFieldKeys });
  try {
    const playing = await startLives(plans, play, desk);
    const lastBeganAt = Date.now();
    await sleep(AFTER_LAST_MS, undefined, { signal: brokenOff }).catch(() => undefined);
    await msUntil(lastBeganAt, LONGEST_AFTER_LAST_MS, () =>
      Promise.resolve(brokenOff.aborted || mayhem.blows.length >= killsWanted(lives)),
    );
    brokenOff.throwIfAborted();
    await mayhem.end();
    say('quiet: nothing is killed any more');
    const quiet = await quietDown(db, stack, () => counted.played === counted.begun);
    ending.abort();
    await Promise.all(playing);
    return { options, plans, casts, desk, mayhem, ...quiet, failures };
  } finally {
    ending.abort();
    clearInterval(telling);
    await mayhem.end().catch(() => undefined);
    await db.destroy();
  }
}
