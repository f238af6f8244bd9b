import { AppointmentCalls } from '../../api/appointment-calls.js';
import { createHttpWorld, type HttpWorld } from '../support/http-world.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { stored, until } from '../support/steps.js';
import type { Moment } from './hold.js';
import { arrangeRow, bring, type Racing, type Wish } from './rows.js';

/** A world with two admins, for races over HTTP; the worker runs. */
export interface RaceWorld extends HttpWorld {
  admin: TestPerson;
  other: TestPerson;
}

export async function createRaceWorld(): Promise<RaceWorld> {
  const world = await createHttpWorld();
  await world.startWorker();
  const [admin, other] = [await makePerson(world.db, 'admin'), await makePerson(world.db, 'admin')];
  for (const person of [admin, other]) await signIn(world, person);
  return Object.assign(world, { admin, other });
}

/** A person's first request also fetches a token; a race should not wait for that. */
export async function signIn(world: HttpWorld, person: TestPerson): Promise<void> {
  await world.send(person, 'GET', '/v1/me');
}

/**
 * An appointment as `arrangeRow` makes it, its people signed in, with its workflow, started from the row as a repair
 * does (but for a completed one). `soon` is the clock of the race: that moment comes in so many milliseconds.
 */
export async function arrange(
  world: RaceWorld,
  wish: Wish & { soon?: { moment: Moment; inMs: number } },
): Promise<Racing> {
  const racing = await arrangeRow(world.db, world.admin, wish);
  for (const person of [racing.client, racing.therapist]) await signIn(world, person);
  if (wish.soon !== undefined) await bring(world.db, racing, wish.soon.moment, wish.soon.inMs);
  if (wish.stage !== 'completed') await startWorkflow(world, racing.id);
  return racing;
}

/** Starts the workflow from the row; its first commit is made when this answers. */
export async function startWorkflow(world: RaceWorld, id: string): Promise<void> {
  await resume(world, id);
  const calls = new AppointmentCalls(world.temporal, world.taskQueue);
  const hasRead = async () => (await calls.state(id).catch(() => null))?.snapshot != null; // a busy machine misses deadlines
  await until('the workflow has read the row', hasRead, LIMIT_MS);
}

/** Starts it, and waits for nothing. */
export async function resume(world: RaceWorld, id: string): Promise<void> {
  await new AppointmentCalls(world.temporal, world.taskQueue).resume(await stored(world, id));
}

/** A test of one race: most of it is waiting for a deadline that is a few seconds away. */
export const LIMIT_MS = 60_000;

/** A race that could not begin before its deadline forces nothing. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

/** How long a race has to begin before its deadline: at first, and on a machine so busy that this was too short. */
const SOON_MS = [2_000, 4_000, 6_500]; // while it is held, no statement and no update may miss its own deadline

/** Runs a race with a deadline, again with more time to begin where it was too slow for that. */
export async function inTime<T>(race: (inMs: number) => Promise<T>): Promise<T> {
  for (const inMs of SOON_MS) {
    const done = await race(inMs).catch((error: unknown) => {
      if (!(error instanceof TooSlow)) throw error;
      return error;
    });
    if (!(done instanceof TooSlow)) return done;
  }
  throw new TooSlow(`no race began within ${SOON_MS.at(-1)} ms`);
}
