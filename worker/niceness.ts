import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Lets a process that leads its session, with every thread and child that it starts from now on, give way to others on its
 * machine. Where Linux groups processes by session (sched_autogroup_enabled), priorities count inside of a group alone, and
 * the group has its own. (https://man7.org/linux/man-pages/man7/sched.7.html, "The autogroup feature")
 * @param niceness 0 (leaves its priority as it was started with) to 19
 */
export function giveWay(niceness: number, pid = process.pid): void {
  if (niceness === 0) return;
  setPriority(pid, niceness);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // No Linux, no such feature, or a container that forbids it: then its own share of the CPU counts.
  }
}
