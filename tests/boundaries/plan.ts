import { COMMIT_LIVES } from './commit-lives.js';
import { MONEY_LIVES } from './money-lives.js';
import { VENDOR_LIVES } from './vendor-lives.js';
import type { Boundary } from './wave.js';

/** Which boundaries there are, and which of them share a kill. */

export const BOUNDARIES: readonly Boundary[] = [...COMMIT_LIVES, ...VENDOR_LIVES, ...MONEY_LIVES].flatMap(
  (transition) => transition.places.map((place) => ({ name: `${transition.name}: ${place.name}`, transition, place })),
);

/** Lives that stand at the database's gate hold one of the worker's 20 connections each: its relays need some too. */
const AT_DATABASE = 16;
/** All lives of one kill: two cores prepare no more in time. */
const AT_ONCE = 40;
/** A mail, a signal or a room that a relay stands at holds up all that this relay has to do. */
const ONE_AT_A_TIME = new Set(['mail', 'vendors']);

/** Numbers from 0 to 1 by a seed: mulberry32. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whose activity is missed longest when its worker is dead; killed first, they are back by the time the rest is. */
const SLOW = /^(payout|refund) sent/;

/** The boundaries in an order of the seed's, cut into kills that a worker can stand. */
export function planKills(boundaries: readonly Boundary[], seed: number): Boundary[][] {
  const roll = dice(seed);
  const shuffled = boundaries
    .map((boundary) => ({ boundary, key: roll() - (SLOW.test(boundary.name) ? 1 : 0) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ boundary }) => boundary);
  const kills: Boundary[][] = [];
  for (const boundary of shuffled) {
    const fitting = kills.find((kill) => fits(kill, boundary));
    if (fitting === undefined) kills.push([boundary]);
    else fitting.push(boundary);
  }
  return kills;
}

function fits(kill: readonly Boundary[], { place, transition }: Boundary): boolean {
  if (kill.length >= AT_ONCE) return false;
  const same = kill.filter((other) => other.place.gate === place.gate);
  if (place.gate === 'database' && same.length >= AT_DATABASE) return false;
  return !ONE_AT_A_TIME.has(place.gate) || !same.some((other) => other.transition === transition);
}
