import type { Evidence } from './evidence.js';

/** `lost`: what was promised isn't there. `doubled`: it is there twice. `stuck`: it does not end. `broken`: sums differ. */
export type Harm = 'lost' | 'doubled' | 'stuck' | 'broken';

/** One thing that a rule found. */
export interface Finding {
  harm: Harm;
  /** What it is about, in words, with ids. */
  about: string;
}

/** A rule reads the evidence and names what breaks it. */
export type Check = (evidence: Evidence) => Finding[];

export const lost = (about: string): Finding => ({ harm: 'lost', about });
export const doubled = (about: string): Finding => ({ harm: 'doubled', about });
export const stuck = (about: string): Finding => ({ harm: 'stuck', about });
export const broken = (about: string): Finding => ({ harm: 'broken', about });

/** The items by a key; those whose key is null are left out. */
export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

export function sumOf<T>(items: Iterable<T> | undefined, amountOf: (item: T) => number): number {
  let sum = 0;
  for (const item of items ?? []) sum += amountOf(item);
  return sum;
}

const OVER = new Set(['completed', 'cancelled', 'expired', 'no_show']);

export const isOver = ({ status }: { status: string }): boolean => OVER.has(status);
