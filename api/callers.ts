import type { Db } from '../db/database.js';
import { personBySubject, type Person } from '../db/people.js';
import { findService, type FoundService } from '../db/service-tokens.js';
import { findSession, type OpenSession } from '../db/web-sessions.js';
import { Fresh } from './fresh.js';

/** Who is behind a subject, a session's cookie or a service token; the latter two by the hash of their secret. */
export class Callers {
  readonly people: Fresh<Person>;
  readonly sessions: Fresh<OpenSession>;
  readonly services: Fresh<FoundService>;

  constructor(db: Db) {
    this.people = new Fresh((subject) => personBySubject(db, subject));
    this.sessions = new Fresh((hash) => findSession(db, hash));
    this.services = new Fresh((hash) => findService(db, hash));
  }
}
