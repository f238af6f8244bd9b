import type { Findings } from './check.js';
import type { Boundary, Led } from './wave.js';

/** What the kills at one boundary came to. */
export interface Row {
  name: string;
  kills: number;
  doubled: number;
  lost: number;
  /** How long after the kill each was heard of again, ms. */
  recoveredMs: number[];
  complaints: string[];
}

export class Report {
  private readonly rows = new Map<string, Row>();

  constructor(boundaries: readonly Boundary[]) {
    for (const { name } of boundaries)
      this.rows.set(name, { name, kills: 0, doubled: 0, lost: 0, recoveredMs: [], complaints: [] });
  }

  /** Counts a life that has come to its end. One that was not led there by its story tells nothing. */
  add({ boundary, stood, killedAt, recoveredAt, errors }: Led, { doubled, lost }: Findings): void {
    const row = this.rows.get(boundary.name)!;
    if (stood) row.kills += 1;
    else if (errors.length > 0) return;
    if (doubled.length > 0) row.doubled += 1;
    if (lost.length > 0) row.lost += 1;
    if (recoveredAt !== null) row.recoveredMs.push(recoveredAt - killedAt);
    row.complaints.push(...doubled.map((what) => `twice: ${what}`), ...lost.map((what) => `missing: ${what}`));
  }

  killsAt(name: string): number {
    return this.rows.get(name)!.kills;
  }

  all(): Row[] {
    return [...this.rows.values()];
  }

  /** A line a boundary, and the sums. */
  print(): string {
    const rows = this.all();
    const width = Math.max(...rows.map(({ name }) => name.length));
    const line = (name: string, ...cells: (string | number)[]) =>
      [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(9))].join(' ');
    const seconds = (ms: readonly number[]) => (ms.length === 0 ? '-' : (Math.max(...ms) / 1_000).toFixed(1));
    const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
    return [
      line('boundary', 'kills', 'doubled', 'lost', 'back in s'),
      ...rows.map(({ name, kills, doubled, lost, recoveredMs }) =>
        line(name, kills, doubled, lost, seconds(recoveredMs)),
      ),
      line(
        `${rows.length} boundaries`,
        sum(({ kills }) => kills),
        sum(({ doubled }) => doubled),
        sum(({ lost }) => lost),
        seconds(rows.flatMap(({ recoveredMs }) => recoveredMs)),
      ),
      ...rows.flatMap(({ name, complaints }) => [...new Set(complaints)].map((what) => `! ${name}: ${what}`)),
    ].join('\n');
  }
}
