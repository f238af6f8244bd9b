/** A map of bounded size that forgets what was used least recently, or what has become too old. */
export class Lru<V> {
  private readonly kept = new Map<string, { value: V; until: number }>();

  constructor(private readonly most: number) {}

  /** The value, unless `now` (ms, the same clock as `set`'s) has reached its end. */
  get(key: string, now: number): V | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    this.kept.delete(key);
    if (found.until <= now) return undefined;
    this.kept.set(key, found);
    return found.value;
  }

  set(key: string, value: V, until: number): void {
    this.kept.delete(key);
    if (this.kept.size >= this.most) this.kept.delete(this.kept.keys().next().value!);
    this.kept.set(key, { value, until });
  }

  delete(key: string): void {
    this.kept.delete(key);
  }
}
