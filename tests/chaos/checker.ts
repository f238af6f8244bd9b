import * as money from './check-money.js';
import * as notices from './check-notices.js';
import * as promises from './check-promises.js';
import type { Evidence } from './evidence.js';
import type { Check, Finding, Harm } from './finding.js';

/** Every rule by its name, in the order in which the report has them. */
export const CHECKS = { ...promises, ...money, ...notices } satisfies Record<string, Check>;
export type CheckName = keyof typeof CHECKS;

/** What each rule found; an empty list is what all of them should have. */
export type Verdict = Record<CheckName, Finding[]>;

/** Holds every rule against the evidence. Pure. */
export function check(evidence: Evidence): Verdict {
  const entries = Object.entries(CHECKS).map(([name, rule]) => [name, rule(evidence)] as const);
  return Object.fromEntries(entries) as Verdict;
}

/** How often each harm was found. */
export function countHarms(verdict: Verdict): Record<Harm, number> {
  const counts: Record<Harm, number> = { lost: 0, doubled: 0, stuck: 0, broken: 0 };
  for (const { harm } of Object.values(verdict).flat()) counts[harm] += 1;
  return counts;
}
