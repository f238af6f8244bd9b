import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** One snapshot: collection, key, and the object as it now is (null: removed). */
export interface JournalEntry {
  c: string;
  k: string;
  v: unknown;
}

/**
 * Append-only JSONL of object snapshots. A line is written before the answer that tells of it leaves, so whatever a
 * caller has seen survives a kill -9 of the process (not a power cut: nothing is fsynced).
 */
export class Journal {
  readonly #path: string;
  #fd: number;

  private constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'a');
  }

  /** Opens (or makes) the journal of this folder and hands every complete line to `onEntry`, oldest first. */
  static open(dataDir: string, onEntry: (entry: JournalEntry) => void): Journal {
    mkdirSync(dataDir, { recursive: true });
    const path = join(dataDir, 'sandbox.jsonl');
    if (existsSync(path)) {
      for (const line of readFileSync(path, 'utf8').split('\n')) {
        const entry = parse(line);
        if (entry) onEntry(entry);
      }
    }
    return new Journal(path);
  }

  append(entry: JournalEntry): void {
    writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }

  /** Replaces the file by the given snapshots, so that it doesn't grow from start to start. */
  compact(entries: Iterable<JournalEntry>): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, Array.from(entries, (entry) => `${JSON.stringify(entry)}\n`).join(''));
    closeSync(this.#fd);
    renameSync(next, this.#path);
    this.#fd = openSync(this.#path, 'a');
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A line torn by a kill is the last one, and nobody was told of it: it is skipped. */
function parse(line: string): JournalEntry | null {
  if (!line) return null;
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    return null;
  }
}
