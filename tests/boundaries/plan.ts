import { COMMIT_LIVES } from './commit-lives.js';
import type { Transition } from './life.js';
import { MONEY_LIVES } from './money-lives.js';
import { VENDOR_LIVES } from './vendor-lives.js';
import type { Boundary } from './wave.js';

/** Which boundaries there are, and which of them share a kill. */

export const BOUNDARIES: readonly Boundary[] = [...COMMIT_LIVES, ...VENDOR_LIVES, ...MONEY_LIVES].flatMap(
  (transition) => transition.places.map((place) => ({ name: `${transition.name}: ${place.name}`, transition, place })),
);

/** Lives that stand at the database's gate hold one of the worker's connections each (20 here): its relays need some too. */
const AT_DATABASE = 17;
/** All lives of one kill: two quiet cores prepare no more in time. */
export const AT_ONCE = 40;
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

/** Killed first: whose activity is missed longest when its worker is dead, and who needs a relay that nobody stands at. */
const FIRST = /^(payout|refund) sent|^(refund settled|payouts ended|paid by card)/;

/** Who shares badly is placed before who fits in everywhere, or the last kills would have a life or two each. */
function precedence({ name, transition, place }: Boundary): number {
  if (FIRST.test(name)) return 3;
  if (transition.relay !== undefined) return 2;
  return place.gate === 'database' ? 1 : 0;
}

/**
 * The boundaries, each as often as it is given, in an order of the seed's, cut into kills that a worker can stand: a kill
 * costs the same for one life as for forty, so they are filled up.
 */
export function planKills(boundaries: readonly Boundary[], seed: number, atOnce = AT_ONCE): Boundary[][] {
  const roll = dice(seed);
  const shuffled = boundaries
    .map((boundary) => ({ boundary, key: roll() - precedence(boundary) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ boundary }) => boundary);
  const kills: Boundary[][] = [];
  for (const boundary of shuffled) {
    const fitting = kills.find((kill) => kill.length < atOnce && fits(kill, boundary));
    if (fitting === undefined) kills.push([boundary]);
    else fitting.push(boundary);
  }
  return kills;
}

function fits(kill: readonly Boundary[], boundary: Boundary): boolean {
  const { place, transition } = boundary;
  if (kill.includes(boundary)) return false;
  const atDatabase = kill.filter((other) => other.place.gate === 'database').length;
  if (place.gate === 'database' && atDatabase >= AT_DATABASE) return false;
  return kill.every((other) => other.transition.relay === undefined || canShare(transition, other.transition));
}

function canShare({ name, relay: one }: Transition, { name: otherName, relay: other }: Transition): boolean {
  if (one?.name !== other?.name || (one?.stands === 'no' && other?.stands === 'no')) return true;
  return name === otherName && one?.stands === 'together';
}
