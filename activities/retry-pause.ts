const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** How long a relay waits before it asks a vendor again, milliseconds: doubling from a second. @param attempts so far, from 1 */
export function retryPauseMs(attempts: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempts);
}
