import * as steps from '../support/steps.js';
import type { GatedWorld } from './gated-world.js';
import { atRest, type Prepared, type Transition } from './life.js';
import type { Place } from './places.js';
import type { Posted } from './post.js';

/** One place at one transition. */
export interface Boundary {
  name: string;
  transition: Transition;
  place: Place;
}

/** A life that was led to a boundary for a kill. */
export interface Led {
  boundary: Boundary;
  /** Null where it could not be brought there. */
  prepared: Prepared | null;
  /** True when it stood exactly there as the worker was killed. */
  stood: boolean;
  killedAt: number;
  /** When its next word arrived at Temporal, epoch ms; null where it had none left to say. */
  recoveredAt: number | null;
  /** What went wrong with its steps. */
  errors: string[];
  /** Settles when everybody has done what they do after the kill. */
  afterwards: Promise<unknown>;
}

/** How long before the moment the posts are armed: whatever came earlier is over. */
const ARMED_BEFORE_MS = 400;
/** How long after the moment the worker is killed at the latest: before its tasks say that they are still alive. */
const STANDING_LIMIT_MS = 6_500;

const sleepUntil = (at: number): Promise<void> => steps.sleep(Math.max(0, at - Date.now()));

interface Standing extends Led {
  posted: Posted<never> | null;
  happening: Promise<unknown>;
}

/** Waits until all that comes before the transition is committed, so that the next commit is the one that is meant. */
async function storySoFar(world: GatedWorld, { appointmentId, marks, expected }: Prepared, at: number): Promise<void> {
  const { timeline = [] } = expected;
  const before = timeline.slice(0, Math.max(0, timeline.indexOf(marks.kind ?? '')));
  if (appointmentId === undefined || before.length === 0) return;
  const isTold = async () => {
    const told = await steps.timelineOf(world, appointmentId);
    return before.every((kind) => told.includes(kind));
  };
  await steps.until('its story so far', isTold, at - Date.now());
}

/** Brings a life to its boundary; what fails is written down, and the life counts as not there. */
async function lead(world: GatedWorld, boundary: Boundary, at: number): Promise<Standing> {
  const standing: Standing = {
    boundary,
    prepared: null,
    stood: false,
    killedAt: 0,
    recoveredAt: null,
    errors: [],
    afterwards: Promise.resolve(),
    posted: null,
    happening: Promise.resolve(),
  };
  try {
    const prepared = await boundary.transition.prepare(world, at);
    standing.prepared = prepared;
    await sleepUntil(at - ARMED_BEFORE_MS);
    await storySoFar(world, prepared, at);
    if (prepared.isNew !== true) await atRest(world, prepared.marks);
    if (Date.now() > at) throw new Error('was not ready in time');
    standing.posted = boundary.place.arm(world.gates, prepared.marks);
    await sleepUntil(at);
    standing.happening = (prepared.happen?.() ?? Promise.resolve()).catch((error: unknown) => {
      standing.errors.push(String(error));
    });
  } catch (error) {
    standing.errors.push(String(error));
  }
  return standing;
}

/** Notes when each life is first heard of again. */
function listen(world: GatedWorld, led: readonly Led[]): void {
  const { temporal } = world.gates;
  const before = temporal.onAnswered;
  const silent = new Set(led.filter(({ stood }) => stood));
  temporal.onAnswered = (item) => {
    before(item);
    if (silent.size === 0 || !/^Respond(Workflow|Activity)Task/.test(item.method)) return;
    for (const one of silent) {
      if (!item.request.includes(one.prepared!.marks.workflowId)) continue;
      one.recoveredAt = Date.now();
      silent.delete(one);
    }
  };
}

/**
 * Leads one life to each of these boundaries, all for the same moment, kills the worker when all of them stand there,
 * and starts its successor, which is ready a moment after this has answered. The lives go on by themselves.
 * @param leadMs how long lives are prepared before the moment
 */
export async function killAt(world: GatedWorld, boundaries: readonly Boundary[], leadMs: number): Promise<Led[]> {
  const at = Date.now() + leadMs;
  const led = await Promise.all(boundaries.map((boundary) => lead(world, boundary, at)));
  const wanted = led.filter(({ posted }) => posted !== null);
  const allStand = () => wanted.every(({ posted }) => posted!.heldAt !== null);
  await steps.until('all stand', async () => allStand(), at + STANDING_LIMIT_MS - Date.now()).catch(() => undefined);
  await world.killProcess();
  const killedAt = Date.now();
  const started = world.startProcess();
  for (const one of led) {
    one.killedAt = killedAt;
    one.stood = one.posted?.heldAt != null;
    const after = (one.prepared?.after?.() ?? Promise.resolve()).catch((error: unknown) => {
      one.errors.push(String(error));
    });
    one.afterwards = Promise.all([started, one.happening, after]);
  }
  listen(world, led);
  return led;
}
