import type { LiveEvent } from '../../db/live-events.js';
import type { Listener } from './listener.js';
import { toldOf, type Told } from './told.js';

/** Who listens in this process, by whom an event can concern. */
export class Listeners {
  private readonly all = new Set<Listener>();
  private readonly byPerson = new Map<string, Set<Listener>>();
  private readonly admins = new Set<Listener>();

  get size(): number {
    return this.all.size;
  }

  /** How many streams a person has open here. */
  of(personId: string): number {
    return this.byPerson.get(personId)?.size ?? 0;
  }

  add(listener: Listener): void {
    const { id, role } = listener.reader;
    this.all.add(listener);
    const theirs = this.byPerson.get(id) ?? new Set();
    this.byPerson.set(id, theirs.add(listener));
    if (role === 'admin') this.admins.add(listener);
  }

  delete(listener: Listener): void {
    const { id } = listener.reader;
    this.all.delete(listener);
    this.admins.delete(listener);
    const theirs = this.byPerson.get(id);
    theirs?.delete(listener);
    if (theirs?.size === 0) this.byPerson.delete(id);
  }

  [Symbol.iterator](): IterableIterator<Listener> {
    return [...this.all].values();
  }

  /** True when somebody here may hear of this appointment. */
  concerns({ clientId, therapistId }: { clientId: string | null; therapistId: string | null }): boolean {
    return this.admins.size > 0 || this.of(clientId ?? '') > 0 || this.of(therapistId ?? '') > 0;
  }

  /** What each listener is told of these events, in their order. */
  sort(events: readonly LiveEvent[]): Map<Listener, Told[]> {
    const sorted = new Map<Listener, Told[]>();
    for (const event of events) {
      for (const listener of this.candidates(event)) {
        const told = toldOf(event, listener.reader);
        if (told === null) continue;
        const before = sorted.get(listener);
        if (before === undefined) sorted.set(listener, [told]);
        else before.push(told);
      }
    }
    return sorted;
  }

  private candidates({ clientId, therapistId, personId }: LiveEvent): Set<Listener> {
    const found = new Set(this.admins);
    for (const id of [clientId, therapistId, personId])
      if (id !== null) for (const listener of this.byPerson.get(id) ?? []) found.add(listener);
    return found;
  }
}
