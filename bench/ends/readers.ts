import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { listAppointments, readAppointment } from '../../db/lists.js';
import { advance } from '../../domain/advance.js';

/** What readers saw from the end on. */
export interface Seen {
  reads: number;
  /** Reads, by PostgreSQL's clock at or after the end, that showed anything else than completed. */
  stale: number;
  /** Reads of the list of sessions in progress, and how many of them still held one of ours. */
  lists: number;
  staleLists: number;
}

const READ_EVERY_MS = 50;
const LIST_EVERY_MS = 1_000;
const nothing = { needs: null, from: null, to: null, therapistId: null, clientId: null };

/** Reads single sessions as a client does, and the list of those in progress as an admin does, until stopped. */
export class Readers {
  readonly seen: Seen = { reads: 0, stale: 0, lists: 0, staleLists: 0 };
  private readonly underWay = new Set<Promise<void>>();
  private readonly timers: NodeJS.Timeout[];

  constructor(
    private readonly db: Db,
    private readonly ids: readonly string[],
    private readonly admin: string,
    private readonly endsAt: number,
  ) {
    this.timers = [
      setInterval(() => this.track(this.readOne()), READ_EVERY_MS),
      setInterval(() => this.track(this.readList()), LIST_EVERY_MS),
    ];
  }

  async stop(): Promise<Seen> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.underWay);
    return this.seen;
  }

  private track(reading: Promise<void>): void {
    this.underWay.add(reading);
    void reading.finally(() => this.underWay.delete(reading));
  }

  private async readOne(): Promise<void> {
    const id = this.ids[Math.floor(Math.random() * this.ids.length)]!;
    const seen = await readAppointment(this.db, { id: this.admin, role: 'admin' }, id);
    if (seen === null || seen.now < this.endsAt) return;
    this.seen.reads += 1;
    if (advance(seen.record, seen.now).record.status !== 'completed') this.seen.stale += 1;
  }

  private async readList(): Promise<void> {
    const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(this.db);
    const at = rows[0]!.now.getTime();
    if (at < this.endsAt) return;
    const filter = { ...nothing, statuses: ['in_progress'] as const };
    const page = { at, limit: 20, after: null };
    const found = await listAppointments(this.db, { id: this.admin, role: 'admin' }, filter, page);
    this.seen.lists += 1;
    if (found.length > 0) this.seen.staleLists += 1;
  }
}
