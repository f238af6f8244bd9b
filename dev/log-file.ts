import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** pino's number for a warning: https://github.com/pinojs/pino/blob/main/docs/api.md#loggerlevels-object */
const warning = 40;

/** Whose lines are for whoever watches; the other servers' messages are for their files. */
const watched = new Set(['worker', 'api']);

/**
 * What a line says to whoever watches: warnings and errors, of our structured log and of the Temporal SDK's own.
 * Undefined for all else, which is in the log file, and in the message when the process dies.
 */
function worthALook(line: string): string | undefined {
  if (!line.startsWith('{')) return /\[(WARN|ERROR)\]/.test(line) ? line : undefined;
  try {
    const {
      level = 0,
      msg = '',
      err,
    } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } };
    return level >= warning ? [msg, err?.message].filter(Boolean).join(': ') : undefined;
  } catch {
    return line;
  }
}

/** Writes what each child says to a file of its own, and passes on what deserves a look. */
export class ChildLog {
  readonly #folder: string;
  readonly #onLine: (name: string, line: string) => void;
  readonly #streams = new Map<string, WriteStream>();

  private constructor(folder: string, onLine: (name: string, line: string) => void) {
    this.#folder = folder;
    this.#onLine = onLine;
  }

  /** Makes the folder; files are begun anew by each run. */
  static async open(folder: string, onLine: (name: string, line: string) => void = () => {}): Promise<ChildLog> {
    await mkdir(folder, { recursive: true });
    return new ChildLog(folder, onLine);
  }

  /** Takes the lines of one child. */
  sink(name: string): (line: string) => void {
    const stream = this.#streams.get(name) ?? createWriteStream(join(this.#folder, `${name}.log`));
    this.#streams.set(name, stream);
    return (line) => {
      stream.write(`${line}\n`);
      const told = watched.has(name) ? worthALook(line) : undefined;
      if (told !== undefined) this.#onLine(name, told);
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => new Promise((resolve) => stream.end(resolve))));
  }
}
