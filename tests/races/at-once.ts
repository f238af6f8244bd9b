import { databaseNow } from '../../db/clock.js';
import { sleep } from '../support/steps.js';
import type { Send } from './contenders.js';
import { momentOf, type Moment } from './hold.js';
import { leftByAll, said, type Left } from './outcome.js';
import { resume, signIn, type RaceWorld } from './racing.js';
import { arrangeRow, bring, type Racing, type Wish } from './rows.js';

/** The same race many times at the same moment, forced by nothing: each contender comes after a pause of its own. */

export const TIMES = 50;
/** Contenders come within so many milliseconds. */
const JITTER_MS = 120;
/** How long the workflows have to start before a deadline that is raced for. */
const LEAD_MS = 4_000;
/** Arranged at once: each takes a connection of the pool of 20. */
const ARRANGED_AT_ONCE = 8;

export interface Raced {
  racing: Racing;
  /** What each contender was told, in the order in which they are listed. */
  answers: string[];
  left: Left;
}

/** Does `work` for each, so many at once; answers in order. */
async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: ARRANGED_AT_ONCE }, worker));
  return results;
}

/** Arranges the appointments of all races, with a common deadline when `deadline` is given. */
export async function arrangeMany(
  world: RaceWorld,
  wishes: readonly Wish[],
  deadline: Moment | null = null,
): Promise<Racing[]> {
  const { db, admin } = world;
  const all = await eachOf(wishes, (wish) => arrangeRow(db, admin, wish));
  const at = (await databaseNow(db)) + LEAD_MS;
  await eachOf(all, async (racing) => {
    if (deadline !== null) await bring(db, racing, deadline, at - (await databaseNow(db)));
    if (wishes[0]!.stage !== 'completed') await resume(world, racing.id);
  });
  return all;
}

/** Signs in everybody who will send, so that nobody is slower than the others. */
async function signAllIn(world: RaceWorld, races: readonly Send[][]): Promise<void> {
  const people = new Map(races.flat().map(({ person }) => [person.id, person]));
  await eachOf([...people.values()], (person) => signIn(world, person));
}

/** Sends all at once, each after its own pause around the deadline (or at once), and answers with what all were told. */
export async function sendAll(
  world: RaceWorld,
  races: readonly Send[][],
  deadline: { id: string; moment: Moment } | null = null,
): Promise<string[][]> {
  const { db } = world;
  await signAllIn(world, races);
  if (deadline !== null) {
    const inMs = (await momentOf(db, deadline.id, deadline.moment)) - (await databaseNow(db));
    if (inMs > JITTER_MS / 2) await sleep(inMs - JITTER_MS / 2);
  }
  const send = async ({ go }: Send) => {
    await sleep(Math.random() * JITTER_MS);
    return said(await go());
  };
  return Promise.all(races.map((contenders) => Promise.all(contenders.map(send))));
}

/** Arranges `TIMES` races of one kind, lets them run at the same moment, waits until nothing is under way. */
export async function raceMany(
  world: RaceWorld,
  wish: Wish,
  contenders: (racing: Racing) => Send[] | Promise<Send[]>,
  deadline: Moment | null = null,
): Promise<Raced[]> {
  const all = await arrangeMany(
    world,
    Array.from({ length: TIMES }, () => wish),
    deadline,
  );
  const sends = await Promise.all(all.map(async (racing) => contenders(racing)));
  const answers = await sendAll(world, sends, deadline === null ? null : { id: all[0]!.id, moment: deadline });
  const left = await leftByAll(
    world,
    all.map(({ id }) => id),
  );
  return all.map((racing, index) => ({ racing, answers: answers[index]!, left: left[index]! }));
}

/** How often each outcome was seen, as `answers -> status (reason)`. */
export function tally(raced: readonly Raced[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { answers, left } of raced) {
    const outcome = `${answers.join(', ')} -> ${left.status}${left.reason === null ? '' : ` (${left.reason})`}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
