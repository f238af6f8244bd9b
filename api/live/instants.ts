import type { AppointmentNow } from '../../db/live-events.js';

/** Waits no longer than this at once: more is read again by then. */
export const HORIZON_MS = 45_000;
/** After the instant, so that PostgreSQL's clock has passed it too. */
const MARGIN_MS = 3;

/**
 * The moments at which the clock alone changes what people see, T-5 above all. In PostgreSQL's time, of which `clock`
 * tells: nobody is told early, nor late by what this machine's clock is off.
 */
export class Instants {
  private readonly due = new Map<number, Set<string>>();
  private timer: NodeJS.Timeout | null = null;
  private armedFor = Infinity;

  constructor(
    /** PostgreSQL's clock, epoch ms. */
    private readonly clock: () => number,
    private readonly onDue: (due: Map<string, number>) => void,
  ) {}

  /** Notes the instants of an appointment that lie near; what moved meanwhile is found out when they have come. */
  note({ id, instants }: Pick<AppointmentNow, 'id' | 'instants'>): void {
    const now = this.clock();
    for (const at of instants) {
      if (at <= now || at > now + HORIZON_MS) continue;
      const ids = this.due.get(at);
      if (ids === undefined) this.due.set(at, new Set([id]));
      else ids.add(id);
      if (at < this.armedFor) this.arm(at);
    }
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.armedFor = Infinity;
    this.due.clear();
  }

  private arm(at: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.armedFor = at;
    this.timer = setTimeout(() => this.fire(), Math.max(0, at - this.clock()) + MARGIN_MS);
    this.timer.unref();
  }

  private fire(): void {
    const now = this.clock();
    const found = new Map<string, number>();
    let next = Infinity;
    for (const [at, ids] of this.due) {
      if (at > now) next = Math.min(next, at);
      else for (const id of ids) found.set(id, Math.max(at, found.get(id) ?? 0));
      if (at <= now) this.due.delete(at);
    }
    this.armedFor = Infinity;
    if (next < Infinity) this.arm(next);
    if (found.size > 0) this.onDue(found);
  }
}
