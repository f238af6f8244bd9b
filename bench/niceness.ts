import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** How far Temporal's server and its database give way where all share one machine. */
export const TEMPORAL_NICENESS = 15;
/** Vendors have machines of their own; here they give way as far as the worker that sends to them. */
export const VENDORS_NICENESS = 10;

/**
 * Lets a process that leads its session give way, with the children that it starts from now on. Linux counts priorities
 * inside of a session's group alone, and the group has its own (sched(7), "The autogroup feature").
 */
export function giveWay(pid: number, niceness: number): void {
  setPriority(pid, niceness);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // Not switched on here.
  }
}
