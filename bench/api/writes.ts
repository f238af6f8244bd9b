import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { recordConnections, roomIdentity } from '../../db/rooms.js';
import { REAL_MINUTE_MS } from '../../domain/policy.js';
import type { BenchStack } from '../stack.js';
import type { Shot } from './connection.js';
import { drive } from './load.js';
import { type BenchPerson, DAY_MS, makeAdmin, makeClients, makeTherapists } from './lives.js';
import { measure, type Measured, type Side } from './side.js';

/** The writes: a life's messages one after the other, each for all lives of a run, at a number of connections. */
export const WRITES = ['book', 'activate', 'join', 'end'] as const;
type Write = (typeof WRITES)[number];

export interface Writers {
  pairs: { client: BenchPerson; therapist: BenchPerson }[];
  admin: BenchPerson;
}

export async function makeWriters(db: Db, issuer: string, count: number): Promise<Writers> {
  const clients = await makeClients(db, issuer, count);
  const therapists = await makeTherapists(db, issuer, count);
  const pairs = clients.map((client, n) => ({ client, therapist: therapists[n]! }));
  return { pairs, admin: await makeAdmin(db, issuer) };
}

function post({ token }: BenchPerson, path: string, body: object = {}): Shot {
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() };
  return { method: 'POST', path, headers, body: JSON.stringify(body) };
}

/** What a run needs beside the side that it drives. */
export interface WriteRun {
  stack: BenchStack;
  db: Db;
  writers: Writers;
  side: Side;
  connections: number;
  lives: number;
  /** No pair has two sessions at one time. */
  startsInDays: number;
}

const PREPARE_CONNECTIONS = 8;
const WAIT_LIMIT_MS = 60_000;

abstract class Lives {
  readonly measured: Measured[] = [];
  constructor(protected readonly run: WriteRun) {}

  protected get pairs() {
    return this.run.writers.pairs.slice(0, this.run.lives);
  }

  protected async timed(what: Write, shots: Shot[], expect: number): Promise<string[]> {
    const { stack, side, connections } = this.run;
    const { measured, run } = await measure(stack, side, { what, connections, shots, expect });
    this.measured.push(measured);
    return run.bodies;
  }

  protected async prepared(shots: Shot[], expect: number): Promise<void> {
    await drive({ url: this.run.side.url, connections: PREPARE_CONNECTIONS, shots, expect });
  }

  abstract play(): Promise<void>;
}

class OurLives extends Lives {
  async play(): Promise<void> {
    const { pairs } = this;
    const { admin } = this.run.writers;
    const ids = await this.book();
    const at = (n: number, step: string) => `/v1/appointments/${ids[n]!}/${step}`;
    await this.prepared(
      pairs.map(({ client }, n) => post(client, at(n, 'payments'), { method: 'wallet' })),
      201,
    );
    await this.until(ids, 'paid_at is not null');
    await this.timed(
      'activate',
      ids.map((_, n) => post(admin, at(n, 'activate'))),
      200,
    );
    await this.prepared(
      ids.map((_, n) => post(admin, at(n, 'force-confirm'), { reason: 'a bench' })),
      200,
    );
    await this.until(ids, `exists (select from room r where r.appointment_id = a.id and r.status = 'alive')`);
    await this.timed(
      'join',
      pairs.map(({ client }, n) => post(client, at(n, 'join'))),
      200,
    );
    await this.prepared(
      pairs.map(({ therapist }, n) => post(therapist, at(n, 'join'))),
      200,
    );
    for (const id of ids) await this.connect(id);
    await this.until(ids, `status = 'in_progress'`);
    await this.timed(
      'end',
      pairs.map(({ client }, n) => post(client, at(n, 'end'))),
      200,
    );
    await this.until(ids, `status = 'completed'`);
  }

  private async book(): Promise<string[]> {
    const startsAt = new Date(Date.now() + this.run.startsInDays * DAY_MS).toISOString();
    const shots = this.pairs.map(({ client, therapist }) => {
      const booking = { therapistId: therapist.id, startsAt, durationMinutes: 60, sessionMode: 'video' };
      return post(client, '/v1/appointments', booking);
    });
    const bodies = await this.timed('book', shots, 201);
    return bodies.map((body) => (JSON.parse(body) as { id: string }).id);
  }

  /** What the room's webhooks tell: both are there. */
  private async connect(id: string): Promise<void> {
    const sides = ['client', 'therapist'] as const;
    const connections = sides.map((participant) => {
      const participantSid = `PA${randomUUID().replaceAll('-', '')}`;
      const identity = roomIdentity(participant, randomUUID().slice(0, 12));
      return { participantSid, participant, identity, connectedAt: new Date(), disconnectedAt: null };
    });
    await recordConnections(this.run.db, id, connections);
  }

  /** Waits until the workers have come so far with all of them. */
  private async until(ids: readonly string[], condition: string): Promise<void> {
    const giveUpAt = Date.now() + WAIT_LIMIT_MS;
    for (;;) {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from appointment a
        where id = any(${[...ids]}::uuid[]) and not (${sql.raw(condition)})`.execute(this.run.db);
      if (rows[0]!.count === 0) return;
      if (Date.now() > giveUpAt) throw new Error(`${rows[0]!.count} appointments did not come so far: ${condition}`);
      await sleep(100);
    }
  }
}

class BareLives extends Lives {
  async play(): Promise<void> {
    const { pairs } = this;
    const ids = pairs.map(() => `bare-${randomUUID()}`);
    const at = (n: number, step: string) => `/private/lives/${ids[n]!}/${step}`;
    const startsAt = Date.now() + this.run.startsInDays * DAY_MS;
    const booking = {
      remindAt: startsAt - 15 * REAL_MINUTE_MS,
      opensAt: startsAt - 5 * REAL_MINUTE_MS,
      endsAt: startsAt + 60 * REAL_MINUTE_MS,
      upserts: 0,
    };
    const all = (step: string, body: object = {}) => pairs.map(({ client }, n) => post(client, at(n, step), body));
    await this.timed('book', all('book', booking), 201);
    await this.prepared(all('pay'), 200);
    await this.timed('activate', all('activate'), 200);
    await this.timed('join', all('join'), 200);
    await this.timed('end', all('end'), 200);
  }
}

/** Plays so many lives against a side and measures their writes. */
export async function measureWrites(run: WriteRun): Promise<Measured[]> {
  const lives = run.side.name === 'ours' ? new OurLives(run) : new BareLives(run);
  await lives.play();
  return lives.measured;
}
