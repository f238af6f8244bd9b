import type { Db } from '../db/database.js';
import { personBySubject, type Person } from '../db/people.js';
import { Lru } from './lru.js';

/**
 * How old the row may be by which somebody is let in: a role that was changed or taken away counts, in every process,
 * after this long. What people see of each other's names is read with each appointment.
 */
const FRESH_MS = 2_000;
const MOST_KEPT = 10_000;

/** Who is behind a subject. Requests of one person at the same moment share one look at the database. */
export class Callers {
  private readonly kept = new Lru<Promise<Person | null>>(MOST_KEPT);

  constructor(private readonly db: Db) {}

  /** The person, null for a subject that this service does not know; that is never kept. */
  find(subject: string): Promise<Person | null> {
    const known = this.kept.get(subject, Date.now());
    if (known !== undefined) return known;
    const asked = this.ask(subject);
    this.kept.set(subject, asked, Date.now() + FRESH_MS);
    return asked;
  }

  private async ask(subject: string): Promise<Person | null> {
    try {
      const person = await personBySubject(this.db, subject);
      if (person === null) this.kept.delete(subject);
      return person;
    } catch (error) {
      this.kept.delete(subject);
      throw error;
    }
  }
}
