import pg from 'pg';

/** How often a text must have been seen: what is said once is not worth a plan that is kept. */
const SEEN_BEFORE = 2;
/** How many texts a process prepares at most: lists of varying length make texts without end. */
const MOST_PREPARED = 500;
const MOST_REMEMBERED = 5_000;

/** Names for the texts that are said again and again. */
export class StatementNames {
  private readonly names = new Map<string, string>();
  private readonly seen = new Map<string, number>();
  private generation = 0;

  /** The name under which a text is prepared, or null while it isn't worth it. */
  nameOf(text: string): string | null {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    const times = this.seen.get(text) ?? 0;
    if (times < SEEN_BEFORE || this.names.size >= MOST_PREPARED) {
      if (this.seen.size >= MOST_REMEMBERED) this.seen.clear();
      this.seen.set(text, times + 1);
      return null;
    }
    this.seen.delete(text);
    const name = `punctual_${this.generation}_${this.names.size}`;
    this.names.set(text, name);
    return name;
  }

  /** Everything is prepared anew, under other names. */
  startAnew(): void {
    this.generation += 1;
    this.names.clear();
  }
}

/** True for a prepared statement whose table was changed by a migration since; sent again it is planned anew. */
export function isPlanOutdated(error: unknown): boolean {
  return error instanceof Error && error.message === 'cached plan must not change result type';
}

/**
 * A class of clients that prepare their parametrised statements once a connection: planning the large reads costs several
 * times what running them does. (https://www.postgresql.org/docs/current/sql-prepare.html)
 */
export function preparingClient(names = new StatementNames()): new () => pg.Client {
  return class extends pg.Client {
    override query(...args: unknown[]): never {
      const send = super.query.bind(this) as (...given: unknown[]) => unknown;
      const [text, values] = args;
      const isParametrised = args.length === 2 && typeof text === 'string' && Array.isArray(values);
      const name = isParametrised && values.length > 0 ? names.nameOf(text) : null;
      if (name === null) return send(...args) as never;
      const answer = (send({ name, text, values }) as Promise<unknown>).catch((error: unknown) => {
        if (isPlanOutdated(error)) names.startAnew();
        throw error;
      });
      return answer as never;
    }
  };
}
