/** A deadline that is written down later than this is one that a worker is behind with. */
const LATE_MS = 1_000;
/** For so long after it the worker counts as behind: where thousands are due at once, one follows the other. */
const BEHIND_MS = 2_000;

/** Whether this process is behind with deadlines, so that what nobody waits for lets them go first. */
export class Backlog {
  private lateAt = -Infinity;

  /** A deadline was written down `lateMs` after it was due, by PostgreSQL's clock. */
  note(lateMs: number): void {
    if (lateMs > LATE_MS) this.lateAt = performance.now();
  }

  get isBehind(): boolean {
    return performance.now() - this.lateAt < BEHIND_MS;
  }
}
