import type { Db } from '../../db/database.js';
import type { BenchStack } from '../stack.js';
import type { Shot } from './connection.js';
import { type BenchPerson, makeAdmin, makeApproved, makeClients, makeTherapists } from './lives.js';
import { measure, type Measured, type Side, type SideName } from './side.js';

/** Who reads what: clients with a page of appointments each. */
interface Readers {
  clients: { person: BenchPerson; ids: string[] }[];
  /** Each asks once in a run, so that nothing is known of them yet. */
  strangers: { person: BenchPerson; id: string }[];
}

const CLIENTS = 20;
const APPOINTMENTS_EACH = 20;
const WARM_UP = 1_000;

/** Makes the people and their appointments; `strangers` of them ask only once. */
export async function makeReaders(db: Db, issuer: string, strangers: number): Promise<Readers> {
  const admin = await makeAdmin(db, issuer);
  const [therapist] = await makeTherapists(db, issuer, 1);
  let inDays = 1;
  const clients = [];
  for (const person of await makeClients(db, issuer, CLIENTS)) {
    const ids = [];
    for (let n = 0; n < APPOINTMENTS_EACH; n += 1) {
      ids.push(await makeApproved(db, { client: person, therapist: therapist!, admin }, (inDays += 1)));
    }
    clients.push({ person, ids });
  }
  const once = [];
  for (const person of await makeClients(db, issuer, strangers)) {
    once.push({ person, id: await makeApproved(db, { client: person, therapist: therapist!, admin }, (inDays += 1)) });
  }
  return { clients, strangers: once };
}

const bearer = ({ token }: BenchPerson) => ({ authorization: `Bearer ${token}` });
const get = (path: string, headers: Record<string, string> = {}): Shot => ({ method: 'GET', path, headers });

type Read = Partial<Record<SideName, (n: number) => Shot>>;

/** The reads of the two sides: the same rows in the same order, by the same people. */
function readsOf({ clients }: Readers): Record<string, Read> {
  const reader = (n: number) => clients[n % clients.length]!;
  const idOf = (n: number) => reader(n).ids[Math.floor(n / clients.length) % APPOINTMENTS_EACH]!;
  const headers = (n: number) => bearer(reader(n).person);
  const bare = (n: number) => get(`/private/appointments/${idOf(n)}`, headers(n));
  return {
    appointment: {
      ours: (n) => get(`/v1/appointments/${idOf(n)}`, headers(n)),
      bare,
      open: (n) => get(`/open/appointments/${idOf(n)}`),
    },
    'join verdict': { ours: (n) => get(`/v1/appointments/${idOf(n)}/join`, headers(n)), bare },
    list: {
      ours: (n) => get('/v1/appointments', headers(n)),
      bare: (n) => get(`/private/clients/${reader(n).person.id}/appointments`, headers(n)),
      open: (n) => get(`/open/clients/${reader(n).person.id}/appointments`),
    },
  };
}

/** Of a read that nobody has asked before: the token is new to the API, and so is the person. */
export const FIRST_READ = "somebody's first";
const FIRST_READ_CONNECTIONS = 10;

function firstReads({ strangers }: Readers, round: number, each: number): Required<Pick<Read, 'ours' | 'bare'>> {
  const of = (n: number) => strangers[round * each + n]!;
  return {
    ours: (n) => get(`/v1/appointments/${of(n).id}`, bearer(of(n).person)),
    bare: (n) => get(`/private/appointments/${of(n).id}`, bearer(of(n).person)),
  };
}

export interface ReadOptions {
  rounds: number;
  /** A run. */
  requests: number;
  connections: readonly number[];
  firstReads: number;
}

/** A list is twenty times the work. */
const requestsFor = (what: string, requests: number): number => (what === 'list' ? Math.ceil(requests / 4) : requests);

/** Measures the reads, the sides taking turns within each round. */
export async function measureReads(
  stack: BenchStack,
  sides: readonly Side[],
  readers: Readers,
  options: ReadOptions,
  log: (line: string) => void,
): Promise<Measured[]> {
  const runs: Measured[] = [];
  const ask = async (what: string, connections: number, shotOf: Read, side: Side, count: number) => {
    const shot = shotOf[side.name];
    if (shot === undefined) return undefined;
    const shots = Array.from({ length: count }, (_, n) => shot(n));
    return (await measure(stack, side, { what, connections, shots, expect: 200 })).measured;
  };
  const reads = Object.entries(readsOf(readers));
  for (const [what, read] of reads)
    for (const side of sides) await ask(what, 10, read, side, requestsFor(what, WARM_UP));
  for (let round = 0; round < options.rounds; round += 1) {
    const inTurn = round % 2 === 0 ? sides : sides.toReversed();
    const keep = (measured: Measured | undefined) => measured !== undefined && runs.push(measured);
    for (const [what, read] of reads)
      for (const connections of options.connections)
        for (const side of inTurn) keep(await ask(what, connections, read, side, requestsFor(what, options.requests)));
    const first = firstReads(readers, round, options.firstReads);
    for (const side of inTurn) keep(await ask(FIRST_READ, FIRST_READ_CONNECTIONS, first, side, options.firstReads));
    log(`reads, round ${round + 1} of ${options.rounds}`);
  }
  return runs;
}
