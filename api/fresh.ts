import { Lru } from './lru.js';

/**
 * How old what lets somebody in may be: a role that was changed, a session or token that was ended counts, in every
 * process, after this long; at once in the process that ended it.
 */
export const FRESH_MS = 2_000;
const MOST_KEPT = 10_000;

/** Looks at the database once in two seconds for each key; requests of the same moment share one look. */
export class Fresh<V> {
  private readonly kept = new Lru<Promise<V | null>>(MOST_KEPT);

  constructor(private readonly look: (key: string) => Promise<V | null>) {}

  /** What was found, null for nothing; that is never kept. */
  find(key: string): Promise<V | null> {
    const known = this.kept.get(key, Date.now());
    if (known !== undefined) return known;
    const asked = this.ask(key);
    this.kept.set(key, asked, Date.now() + FRESH_MS);
    return asked;
  }

  /** The next request looks anew. Called after the change is committed. */
  forget(key: string): void {
    this.kept.delete(key);
  }

  private async ask(key: string): Promise<V | null> {
    try {
      const found = await this.look(key);
      if (found === null) this.kept.delete(key);
      return found;
    } catch (error) {
      this.kept.delete(key);
      throw error;
    }
  }
}
