import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** pino's number for a warning: https://github.com/pinojs/pino/blob/main/docs/api.md#loggerlevels-object */
const warning = 40;

/** Whose lines are for whoever watches; the other servers' messages are for their files. */
const watched = new Set(['worker', 'api']);

/** Whether a line deserves a look: a plain one, or a structured one from warnings up. */
function isWorthALook(line: string): boolean {
  if (!line.startsWith('{')) return line.trim() !== '';
  try {
    return ((JSON.parse(line) as { level?: number }).level ?? warning) >= warning;
  } catch {
    return true;
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
      if (watched.has(name) && isWorthALook(line)) this.#onLine(name, line);
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => new Promise((resolve) => stream.end(resolve))));
  }
}
