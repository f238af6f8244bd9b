import { Journal } from './journal.js';

/** Objects of one kind by key, in the order of their first `put`. Every `put` is journaled before it returns. */
export class Collection<T extends object> {
  readonly #items: Map<string, T>;
  readonly #write: (key: string, value: T | null) => void;

  constructor(items: Map<string, T>, write: (key: string, value: T | null) => void) {
    this.#items = items;
    this.#write = write;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  put(key: string, value: T): T {
    this.#write(key, value);
    this.#items.set(key, value);
    return value;
  }

  /** Replaces the object by itself with these fields changed. Readers of the old object keep what they had. */
  change(key: string, fields: Partial<T>): T {
    const old = this.#items.get(key);
    if (!old) throw new Error(`the sandbox has no ${key}`);
    return this.put(key, { ...old, ...fields });
  }

  delete(key: string): void {
    if (!this.#items.delete(key)) return;
    this.#write(key, null);
  }

  values(): T[] {
    return [...this.#items.values()];
  }

  entries(): [string, T][] {
    return [...this.#items.entries()];
  }

  find(matches: (value: T) => boolean): T | undefined {
    for (const value of this.#items.values()) if (matches(value)) return value;
    return undefined;
  }

  get size(): number {
    return this.#items.size;
  }
}

/** All the sandbox remembers. With a folder it is journaled there, without it is gone with the process. */
export class Store {
  readonly #data = new Map<string, Map<string, object>>();
  #journal: Journal | null = null;

  static open(dataDir: string | null): Store {
    const store = new Store();
    if (dataDir === null) return store;
    const journal = Journal.open(dataDir, ({ c, k, v }) => {
      if (v === null) store.#items(c).delete(k);
      else store.#items(c).set(k, v as object);
    });
    journal.compact(store.#snapshots());
    store.#journal = journal;
    return store;
  }

  collection<T extends object>(name: string): Collection<T> {
    return new Collection<T>(this.#items(name) as Map<string, T>, (key, value) =>
      this.#journal?.append({ c: name, k: key, v: value }),
    );
  }

  /** Forgets everything except the named collections. */
  clear(keep: readonly string[]): void {
    for (const [name, items] of this.#data) if (!keep.includes(name)) items.clear();
    this.#journal?.compact(this.#snapshots());
  }

  close(): void {
    this.#journal?.close();
    this.#journal = null;
  }

  #items(name: string): Map<string, object> {
    let items = this.#data.get(name);
    if (!items) this.#data.set(name, (items = new Map()));
    return items;
  }

  *#snapshots() {
    for (const [c, items] of this.#data) for (const [k, v] of items) yield { c, k, v };
  }
}
